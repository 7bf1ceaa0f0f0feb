package grizzly

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

// Style is how a suspended response is answered.
type Style struct {
	Class  reference.Class         // Held or Stream
	Framer func() reference.Framer // a new one for each response
}

// Response is a suspended response.
type Response struct {
	context *Context
	handler Handler
	style   Style
	id      string
	channel string
	sub     *reference.Subscription
	timer   *time.Timer // nil without an expiration delay

	mu          sync.Mutex
	pending     []byte // JSON that a held response is resumed with
	resumed     bool
	interrupted bool
	ended       bool // its last event was told
}

func newResponse(c *Context, style Style, h Handler) *Response {
	r := &Response{context: c, handler: h, style: style, id: stage.NewID()}
	r.channel = c.stage.Channel(c.topic, r.id)
	p := reference.DefaultParams()
	p.After = c.stage.Server.Hub().Last(r.channel) // what is written before it is carried counts
	p.Hold, p.RecycleAfter, p.RecycleBytes = 0, 0, 0
	p.Heartbeat = c.stage.Time(p.Heartbeat)
	r.sub = reference.NewSubscription(r.channel, c.topic, p)
	r.sub.OnWrite = func(*reference.Message) { r.tell(Event{Type: Write}) }
	r.sub.OnEnd = func(e reference.Ending) {
		if e.Err != nil {
			r.over(Event{Type: Interrupt, Gone: true})
		} else {
			r.over(Event{Type: Terminate})
		}
	}
	return r
}

// ID names the response for [Context.Notify].
func (r *Response) ID() string { return r.id }

// Write writes one JSON value. A held response keeps the last one until it is
// resumed. The error says that the server takes no more messages.
func (r *Response) Write(json []byte) error {
	if r.style.Class == reference.Held {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.pending = json
		return nil
	}
	return r.publish(json)
}

func (r *Response) publish(json []byte) error {
	if _, err := r.context.stage.Server.Hub().Publish(r.channel, "application/json", json, 0); err != nil {
		return fmt.Errorf("write to response: %w", err)
	}
	return nil
}

// Resume ends the response, with what was written. Its handler is told of
// nothing more but its end.
func (r *Response) Resume() {
	r.mu.Lock()
	again, pending := r.resumed, r.pending
	r.resumed = true
	r.mu.Unlock()
	if again {
		return
	}
	r.context.remove(r)
	if pending != nil && r.publish(pending) == nil {
		return // a message is what a held response waits for
	}
	r.context.stage.Server.Detach(r.sub, reference.ReasonLimit)
}

// carry puts the response on the server's engine.
func (r *Response) carry(w http.ResponseWriter, req *http.Request) error {
	return r.context.stage.Server.Carry(w, req, r.style.Class, r.sub, r.style.Framer())
}

// expireAfter interrupts the response after a delay, if there is one.
func (r *Response) expireAfter(delay time.Duration) {
	if delay <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.timer = time.AfterFunc(delay, r.expire)
	}
}

// expire tells the handler, which may still write, and ends the response.
func (r *Response) expire() {
	if !r.context.remove(r) {
		return // resumed or gone meanwhile
	}
	r.mu.Lock()
	r.interrupted = true
	r.mu.Unlock()
	r.tell(Event{Type: Interrupt})
	r.Resume()
}

// tell calls the handler, after whoever is told now.
func (r *Response) tell(e Event) {
	r.context.turn.Lock()
	defer r.context.turn.Unlock()
	r.handler.OnEvent(e, r)
}

// over tells the last event, once. One that expired was told already.
func (r *Response) over(e Event) {
	r.context.remove(r)
	r.mu.Lock()
	told := r.ended || r.interrupted
	r.ended = true
	if r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Unlock()
	if !told {
		r.tell(e)
	}
}
