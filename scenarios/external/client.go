package external

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Client is a program in the matrix. Each subscription is a process of its
// own.
type Client struct {
	kit     *Kit
	program Program
}

// NewClient returns the measure.Client of a program.
func NewClient(k *Kit, p Program) *Client { return &Client{kit: k, program: p} }

// Name is the program's.
func (c *Client) Name() string { return c.program.Name }

// About says what it is, and in which version.
func (c *Client) About() string { return c.program.Means + "; version " + c.program.Version() }

// Clock is this machine's.
func (c *Client) Clock() measure.Clock { return measure.Clock{ID: c.program.Name} }

// Close has nothing to free: processes end with their subscriptions.
func (c *Client) Close() error { return nil }

// Supports returns why s cannot be received, or nil.
func (c *Client) Supports(s measure.Subscription) error {
	if _, err := c.program.transport(s.Technique); err != nil {
		return err
	}
	return c.reaches(s.Target, s.Variant == "" && s.Stream == nil && len(s.Uplink) == 0 && s.Vanish == nil && s.Wire == nil && s.Target.Method == "" && len(s.Target.Header) == 0)
}

// reaches says why a target cannot be reached.
func (c *Client) reaches(t measure.Target, plain bool) error {
	switch u, err := url.Parse(t.URL); {
	case err != nil:
		return err
	case u.Scheme != "http":
		return fmt.Errorf("%s is run over http here", c.program.Name)
	case t.Proxy != "":
		return fmt.Errorf("%s is run through reverse proxies only: its websocket takes no forward proxy", c.program.Name)
	case t.HTTP != "" && t.HTTP != "1.1":
		return fmt.Errorf("%s speaks HTTP/1.1, not HTTP/%s", c.program.Name, t.HTTP)
	case !plain:
		return fmt.Errorf("%s asks in its own way and in no other", c.program.Name)
	}
	return nil
}

// Subscribe runs the program until ctx ends, until it goes no further, or
// until the first failure when s.Resume is false. The program itself always
// comes back.
func (c *Client) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	if err := c.Supports(s); err != nil {
		return fmt.Errorf("subscribe by %s: %w", s.Technique, err)
	}
	transport, _ := c.program.transport(s.Technique)
	u, err := url.Parse(s.Target.URL)
	if err != nil {
		return fmt.Errorf("subscribe by %s: %w", s.Technique, err)
	}
	channel := u.Query().Get("channel")
	if channel == "" {
		return fmt.Errorf("subscribe by %s: %q names no channel", s.Technique, s.Target.URL)
	}
	r := &reception{client: c.program.Name, resume: s.Resume, sink: sink, over: make(chan struct{})}
	p, err := c.kit.Start(c.program, Run{URL: s.Target.URL, Transport: transport, Options: Options{Subscribe: []string{"/hub/" + channel}}}, r.take)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-r.over:
	case <-p.Done():
	}
	left := ctx.Err() != nil
	r.stop()
	p.Kill()
	if err := p.Err(); err != nil && !left {
		return fmt.Errorf("%s: %w", c.program.Name, err)
	}
	return nil
}

// reception turns a program's events into the matrix's.
type reception struct {
	client string
	resume bool
	sink   func(measure.Event)

	mu       sync.Mutex
	answered int64 // when the session was last known to be, Unix microseconds
	lost     int   // sessions
	stopped  bool
	ended    bool
	over     chan struct{} // closed at the end
}

// stop lets nothing more through.
func (r *reception) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

func (r *reception) take(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || r.ended {
		return
	}
	switch e.Event {
	case "open", "connected":
		r.answered = e.At
	case "subscribed":
		r.answered = e.At
		r.emit(measure.Event{Kind: measure.Prelude, T: e.At})
	case "message":
		r.message(e)
	case "cut":
		r.emit(measure.Event{Kind: measure.Headers, T: e.At, Status: e.Status})
		r.emit(measure.Event{Kind: measure.Failed, T: e.At, Note: e.Why})
		r.end(measure.Event{Kind: measure.End, T: e.At, EndKind: measure.EndFIN})
	case "down":
		note := failure(e, r.answered)
		r.emit(measure.Event{Kind: measure.Failed, T: e.At, Note: note})
		if strings.HasPrefix(note, measure.SessionLost) {
			r.lost++
		}
		if !r.resume || r.lost >= enoughLost {
			r.end(measure.Event{Kind: measure.End, T: e.At, EndKind: measure.EndFIN})
		}
	case "over":
		r.close(e)
	case "crashed":
		r.emit(measure.Event{Kind: measure.Failed, T: e.At, Note: "the client crashed: " + e.Why})
		r.end(measure.Event{Kind: measure.End, T: e.At, EndKind: measure.EndFIN})
	}
}

// failure is the note of what failed, when the session was last known to be at
// answered.
func failure(e Event, answered int64) string {
	note := e.On + ": " + e.Why
	switch {
	case e.Timer != "":
		return measure.TimerOver + ", " + e.Timer + ": " + note
	case strings.HasPrefix(e.Why, "402:") && e.At-answered < soonUS:
		return measure.SessionLost + ": " + note
	}
	return note
}

// enoughLost is how many lost sessions tell all there is to tell: some clients
// begin anew at once, thousands of times, which is a load for everybody else.
const enoughLost = 50

// soonUS is how long after an answer a session cannot have been forgotten for
// the client's silence: Bayeux servers keep one for ten seconds.
const soonUS = 5e6

// message looks into what was delivered.
func (r *reception) message(e Event) {
	m, err := hubMessage(e.Data)
	if err != nil {
		r.emit(measure.Event{Kind: measure.Failed, T: e.At, Bytes: len(e.Data), Note: "a message of the program's that is none of the hub's: " + err.Error()})
		return
	}
	switch {
	case m.Control == "gap":
		note := "missed=unknown"
		if m.Missed != nil {
			note = fmt.Sprintf("missed=%d", *m.Missed)
		}
		r.emit(measure.Event{Kind: measure.Gap, T: e.At, ID: m.Next, Note: note})
	case m.Control == "end":
		r.end(measure.Event{Kind: measure.End, T: e.At, EndKind: measure.EndClean, Note: m.Reason})
	case m.ID != "":
		r.emit(measure.Event{Kind: measure.Received, T: e.At, ID: m.ID, Bytes: len(m.Data) + len(m.Bytes), Sum: m.sum})
	}
}

// close is the end of what the program does. With a code it is a close that the
// protocol told, or what the client calls the loss of its session.
func (r *reception) close(e Event) {
	switch {
	case e.Code == 0 || e.Code == goAway:
		r.end(measure.Event{Kind: measure.End, T: e.At, EndKind: measure.EndClean, Note: "terminated"})
		return
	case e.Why == sessionLost:
		r.emit(measure.Event{Kind: measure.Failed, T: e.At, Note: measure.SessionLost + ": " + e.Why})
	default:
		r.emit(measure.Event{Kind: measure.Failed, T: e.At, Note: fmt.Sprintf("the client gave up: %d %s", e.Code, e.Why)})
	}
	r.end(measure.Event{Kind: measure.End, T: e.At, EndKind: measure.EndFIN})
}

// What SockJS says of an end that the service wanted, and its client of a
// session that was opened twice.
const (
	goAway      = 3000
	sessionLost = "Server lost session"
)

func (r *reception) end(e measure.Event) {
	r.ended = true
	r.emit(e)
	close(r.over)
}

func (r *reception) emit(e measure.Event) {
	e.Side, e.Clock = measure.SideClient, r.client
	r.sink(e)
}

var _ measure.Client = (*Client)(nil)

// errNothing says that a program ended before it had anything.
var errNothing = errors.New("it ended without a session")
