package rocket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

// Config sets a servlet up. There is no default for the two limits: a response
// without them grows in the browser's memory until the page is left.
type Config struct {
	MaximumBytesWritten int64         // maximum-bytes-written: body bytes after which a response ends
	ConnectionTimeout   time.Duration // connection-timeout: age at which it ends
	Heartbeat           time.Duration // silence after which one is sent; 0 sends none
	PollEvery           time.Duration // least time from one call of Poll to the next; 0 is 1 s

	// Poll is called again and again while a client is connected, one call at
	// a time, and pushes what there is. It may wait until ctx ends.
	Poll func(ctx context.Context, c *Connection)
}

// Servlet answers GET requests of the client with the stream of a session.
type Servlet struct {
	stage  *stage.Stage
	config Config
}

// NewServlet fails when a mandatory parameter is missing.
func NewServlet(s *stage.Stage, c Config) (*Servlet, error) {
	switch {
	case c.MaximumBytesWritten <= 0:
		return nil, errors.New("rocket: init parameter maximum-bytes-written is missing")
	case c.ConnectionTimeout <= 0:
		return nil, errors.New("rocket: init parameter connection-timeout is missing")
	case c.Poll == nil:
		return nil, errors.New("rocket: nothing to poll")
	}
	if c.PollEvery <= 0 {
		c.PollEvery = time.Second
	}
	return &Servlet{stage: s, config: c}, nil
}

var sessionName = regexp.MustCompile(`^[a-z0-9]{16,64}$`)

// ServeHTTP opens a connection of ?session=NAME, behind ?after=ID if given.
func (s *Servlet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !stage.Allow(w, r, http.MethodGet) {
		return
	}
	q := r.URL.Query()
	session := q.Get("session")
	if !sessionName.MatchString(session) {
		stage.Fail(w, http.StatusBadRequest, "want session=NAME")
		return
	}
	p := reference.DefaultParams()
	p.After, p.Nonce = q.Get("after"), q.Get("nonce")
	p.Heartbeat, p.RecycleAfter = s.stage.Time(s.config.Heartbeat), s.stage.Time(s.config.ConnectionTimeout)
	p.RecycleBytes = s.config.MaximumBytesWritten
	c := &Connection{servlet: s, channel: s.channel(session)}
	if p.After == "" { // the poll function may push before the connection is there
		p.After = s.stage.Server.Hub().Last(c.channel)
	}
	ctx, cancel := context.WithCancel(context.Background()) // the request's ends before the subscription may
	sub := reference.NewSubscription(c.channel, "rocket", p)
	sub.OnEnd = func(reference.Ending) { cancel() }
	s.stage.Go(func(stop <-chan struct{}) { s.poll(ctx, stop, c) })
	if err := s.stage.Server.Carry(w, r, reference.Stream, sub, framer{}); err != nil {
		cancel()
	}
}

func (s *Servlet) channel(session string) string { return s.stage.Channel("session", session) }

// poll calls the poll function until ctx ends. However fast it returns, it is
// not called more often than the configuration says.
func (s *Servlet) poll(ctx context.Context, stop <-chan struct{}, c *Connection) {
	tick := time.NewTicker(s.stage.Time(s.config.PollEvery))
	defer tick.Stop()
	for ctx.Err() == nil {
		c.polls++
		s.config.Poll(ctx, c)
		select {
		case <-tick.C:
		case <-ctx.Done():
		case <-stop:
			return
		}
	}
}

// Connection is what a poll function pushes to.
type Connection struct {
	servlet *Servlet
	channel string
	polls   int
}

// Polls is how many times the poll function was called on this connection.
func (c *Connection) Polls() int { return c.polls }

// Push sends an object to the client. The error says that it cannot be
// serialised, or that the session was terminated.
func (c *Connection) Push(p Payload) error {
	text, err := serialise(p)
	if err != nil {
		return err
	}
	data, err := json.Marshal(text)
	if err == nil {
		_, err = c.servlet.stage.Server.Hub().Publish(c.channel, "application/json", data, 0)
	}
	if err != nil {
		return fmt.Errorf("push %s: %w", p.TypeName(), err)
	}
	return nil
}

// Terminate ends the session for good: the client does not come back.
func (c *Connection) Terminate() { c.servlet.stage.Server.Hub().Terminate(c.channel) }
