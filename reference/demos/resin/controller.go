package resin

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

// Servlet answers suspended requests.
type Servlet interface {
	// Service is called once for each request. It may write, and returns
	// whether the request stays suspended.
	Service(r *http.Request, c *Controller) bool
	// Resume is called after a wake, by one goroutine at a time. It may write,
	// and returns whether the request stays suspended.
	Resume(c *Controller) bool
}

// Controller wakes a suspended request. Its methods may be called from
// anywhere.
type Controller struct {
	stage   *stage.Stage
	servlet Servlet
	channel string
	sub     *reference.Subscription
	wake    chan struct{} // has room for one: two wakes before a resume are one
	gone    chan struct{} // closed when the request is over

	mu         sync.Mutex
	attributes map[string]any
	closed     bool
}

// Serve answers a request by a servlet.
func Serve(s *stage.Stage, servlet Servlet, w http.ResponseWriter, r *http.Request) {
	c := &Controller{
		stage: s, servlet: servlet, channel: s.Channel("request", stage.NewID()),
		wake: make(chan struct{}, 1), gone: make(chan struct{}), attributes: make(map[string]any),
	}
	p := reference.DefaultParams()
	p.After = s.Server.Hub().Last(c.channel)
	p.RecycleAfter, p.RecycleBytes = 0, 0 // the servlet ends it
	p.Heartbeat = s.Time(p.Heartbeat)
	c.sub = reference.NewSubscription(c.channel, "resin", p)
	c.sub.OnEnd = func(reference.Ending) { c.over() }
	if !servlet.Service(r, c) {
		c.Complete()
	}
	s.Go(func(stop <-chan struct{}) { c.follow(stop) })
	if err := s.Server.Carry(w, r, reference.Stream, c.sub, framer{}); err != nil {
		c.over()
	}
}

// follow resumes after each wake, until the request is over.
func (c *Controller) follow(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-c.gone:
			return
		case <-c.wake:
		}
		if !c.servlet.Resume(c) {
			c.Complete()
			return
		}
	}
}

// Wake has the servlet resume, once for all wakes until it does. It reports
// false when the request is over.
func (c *Controller) Wake() bool {
	if c.Closed() {
		return false
	}
	select {
	case c.wake <- struct{}{}:
	default: // it will resume anyway
	}
	return true
}

// SetAttribute keeps a value for whoever resumes.
func (c *Controller) SetAttribute(name string, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attributes[name] = value
}

// Attribute is a value that was set, nil if none was.
func (c *Controller) Attribute(name string) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.attributes[name]
}

// Call writes a script that calls a function of the parent page with arguments
// that are JSON.
func (c *Controller) Call(argument []byte) error {
	if _, err := c.stage.Server.Hub().Publish(c.channel, "application/json", argument, 0); err != nil {
		return fmt.Errorf("write to request: %w", err)
	}
	return nil
}

// Complete ends the response, after what was written.
func (c *Controller) Complete() { c.stage.Server.Detach(c.sub, reference.ReasonLimit) }

// Done is closed when the request is over.
func (c *Controller) Done() <-chan struct{} { return c.gone }

// Closed reports whether the request is over.
func (c *Controller) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func (c *Controller) over() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.gone)
	}
}

// framer writes each message as a call of comet_update.
type framer struct{}

func (framer) Head() reference.Head {
	return reference.Head{Status: http.StatusOK, Header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"},
	}}
}

func (framer) Open(dst []byte, _ reference.Control) []byte { return append(dst, "<body>\n"...) }

func (framer) Message(dst []byte, m *reference.Message) []byte {
	return reference.AppendScript(dst, "comet_update", m.Data)
}

// Control has no heartbeat to write: the original had none, and a comment is
// what shows a path that the response is alive.
func (framer) Control(dst []byte, _ reference.Control) []byte {
	return append(dst, "<!-- alive -->\n"...)
}

func (framer) Close(dst []byte, _ reference.Control) []byte { return append(dst, "</body>\n"...) }
func (framer) SharingKey() string                           { return "resin" }
