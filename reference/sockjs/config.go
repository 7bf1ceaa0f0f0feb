package sockjs

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Config sets a service up. Only Accept is required.
type Config struct {
	// Accept decides about the session that a request opens. An error refuses
	// it, with its text and with the status of a *Refusal, else 400. It is
	// called from many goroutines, must not block, and may be called in vain.
	Accept func(r *http.Request) (Terms, error)

	// Watch is called for each request that would receive, before anything
	// else is done with it, and returns who is told what becomes of it. nil, or
	// a nil Receipt, is nobody.
	//
	// It may add header fields to the answer.
	Watch func(w http.ResponseWriter, r *http.Request, transport string) Receipt

	NoWebSocket bool // refuse both WebSocket URLs, and say so in /info
	Cookie      bool // set JSESSIONID on session URLs, for balancers that keep sessions together by it

	// ClientURL is the script that the iframe page loads; "" is sockjs-client
	// 1 at jsdelivr.net.
	ClientURL string

	Timeout     time.Duration // how long a session without receiver lives, and a closed one is remembered; 0 is 5 s
	MaxSessions int           // sessions at once, sockets included; further ones get 503; 0 is 65,536
	MaxBody     int64         // bytes of one request or WebSocket message; 0 is 1 MB
}

// Terms are what a session is opened on.
type Terms struct {
	// Begin is called once for each session, before the client learns of it;
	// nil does nothing. It must not block. Its error refuses the session like
	// one of Accept.
	Begin func() error
	// Serve does what the service is for. It runs on a goroutine of its own
	// and must return when ctx ends, which it does when the session is over.
	// When it returns, the session is closed with c[3000,"Go away!"], if
	// nothing else closed it.
	Serve func(ctx context.Context, s *Session)

	Heartbeat     time.Duration // silence after which an h frame is sent; 0 is 25 s, negative is never
	ResponseLimit int64         // body bytes, prelude excepted, after which a stream ends; 0 is 128 KB, negative is never
	ResponseAge   time.Duration // age at which a stream ends; 0 is never, as the protocol has it

	QueueMessages int // that may wait for the client, and for the service; 0 is 256
	QueueBytes    int // the same in bytes; 0 is 1 MB. A single message may be longer
}

// Receipt is told what becomes of one receiving request. The service calls it
// serially; it must not block.
type Receipt interface {
	// Accepted says that the request became the receiver of a session.
	Accepted(status int)
	// Refused says that it did not, and why.
	Refused(status int, why string)
	// Sent says that a message was handed to the kernel, in n bytes.
	Sent(m Message, n int)
	// Heartbeat says that an h frame was.
	Heartbeat(n int)
	// Ended says that the service ended the answer, and why: "answered" for a
	// poll, "recycle-bytes" or "recycle-time" for a stream, or the reason of
	// the close frame.
	Ended(reason string)
	// Aborted says that the peer went away, and how that was learned.
	Aborted(how string)
}

// Message is one message to a client.
type Message struct {
	Text string // UTF-8; a lone surrogate is the three bytes that encode it by the rule of UTF-8
	ID   string // the sender's own name for it, which Receipt gets back; never sent
}

// Refusal is an error with the status to answer.
type Refusal struct {
	Status int
	Err    error
}

// Error is that of Err.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap gives Err.
func (r *Refusal) Unwrap() error { return r.Err }

// Errors of a session.
var (
	ErrClosed = errors.New("session is closed")
	ErrSlow   = errors.New("too much waits for the client")
)

const (
	defaultTimeout       = 5 * time.Second
	defaultHeartbeat     = 25 * time.Second
	defaultResponseLimit = 128 << 10
	defaultClientURL     = "https://cdn.jsdelivr.net/npm/sockjs-client@1/dist/sockjs.min.js"
)

func (c Config) withDefaults() Config {
	c.Timeout = defaultTo(c.Timeout, defaultTimeout)
	c.MaxSessions = defaultTo(c.MaxSessions, 65536)
	c.MaxBody = defaultTo(c.MaxBody, 1<<20)
	c.ClientURL = defaultTo(c.ClientURL, defaultClientURL)
	return c
}

func (t Terms) withDefaults() Terms {
	t.Heartbeat = defaultTo(t.Heartbeat, defaultHeartbeat)
	t.ResponseLimit = defaultTo(t.ResponseLimit, defaultResponseLimit)
	t.QueueMessages = defaultTo(t.QueueMessages, 256)
	t.QueueBytes = defaultTo(t.QueueBytes, 1<<20)
	return t
}

func defaultTo[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// nobody is told nothing.
type nobody struct{}

func (nobody) Accepted(int)        {}
func (nobody) Refused(int, string) {}
func (nobody) Sent(Message, int)   {}
func (nobody) Heartbeat(int)       {}
func (nobody) Ended(string)        {}
func (nobody) Aborted(string)      {}
