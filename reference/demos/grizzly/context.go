package grizzly

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

// EventType says what a handler is told of.
type EventType int

// The event types.
const (
	Initialize EventType = iota // the response is suspended from now on
	Notify                      // somebody notified the context
	Interrupt                   // the delay expired, or the client left
	Terminate                   // the response has ended as the handler wanted
	Read                        // the client sent something for this handler
	Write                       // what was written went out
)

// Event is what a handler is told.
type Event struct {
	Type       EventType
	Attachment any  // of Notify: what was notified; of Read: what was sent, a string
	Gone       bool // of Interrupt: the client has left, nothing can be written
}

// Handler handles the events of one response. It is called by one goroutine at
// a time and may write to the response and resume it.
type Handler interface {
	OnEvent(e Event, r *Response)
}

// Engine has contexts by topic.
type Engine struct {
	stage *stage.Stage

	mu       sync.Mutex
	contexts map[string]*Context
}

// NewEngine makes an engine on a stage.
func NewEngine(s *stage.Stage) *Engine {
	return &Engine{stage: s, contexts: make(map[string]*Context)}
}

// Register returns the context of a topic, and makes it the first time.
func (e *Engine) Register(topic string) *Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.contexts[topic]
	if c == nil {
		c = &Context{stage: e.stage, topic: topic}
		e.contexts[topic] = c
	}
	return c
}

// Forget drops the context of a topic. Handlers that it has go on.
func (e *Engine) Forget(topic string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.contexts, topic)
}

// Context suspends responses and notifies their handlers.
type Context struct {
	// ExpirationDelay is how long a response is suspended at most; 0 is for
	// ever. It is set before the first handler is added.
	ExpirationDelay time.Duration

	stage *stage.Stage
	topic string

	turn sync.Mutex // held while a handler is called: one event after the other

	mu        sync.Mutex
	responses []*Response // in the order in which they were suspended
}

// AddHandler suspends the response of a request until the handler resumes it,
// in one of the two styles. Like [reference.Server.Carry] it may return before
// the response is over.
func (c *Context) AddHandler(w http.ResponseWriter, r *http.Request, style Style, h Handler) {
	resp := newResponse(c, style, h)
	c.mu.Lock()
	c.responses = append(c.responses, resp)
	c.mu.Unlock()
	resp.tell(Event{Type: Initialize})
	resp.expireAfter(c.stage.Time(c.ExpirationDelay))
	if err := resp.carry(w, r); err != nil {
		resp.over(Event{Type: Interrupt, Gone: true})
	}
}

// Notify tells the handlers of an attachment, one after the other: all of them,
// or only the one with the given id. It returns how many it told.
func (c *Context) Notify(attachment any, id ...string) int {
	told := 0
	for _, r := range c.suspended() {
		if len(id) == 0 || slices.Contains(id, r.id) {
			r.tell(Event{Type: Notify, Attachment: attachment})
			told++
		}
	}
	return told
}

// Read tells one handler of what its client sent. It reports whether there is
// such a handler.
func (c *Context) Read(id, text string) bool {
	for _, r := range c.suspended() {
		if r.id == id {
			r.tell(Event{Type: Read, Attachment: text})
			return true
		}
	}
	return false
}

// Suspended is how many responses wait.
func (c *Context) Suspended() int { return len(c.suspended()) }

func (c *Context) suspended() []*Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.responses)
}

// remove reports whether r was there.
func (c *Context) remove(r *Response) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.responses, r)
	if i >= 0 {
		c.responses = slices.Delete(c.responses, i, i+1)
	}
	return i >= 0
}
