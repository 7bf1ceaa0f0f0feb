package reference

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipeListener hands net.Pipe ends to a server: no kernel buffers, and time in
// a synctest bubble stands still while both ends wait.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// bench is a server behind a pipeListener, in a bubble.
type bench struct {
	*Server
	t  *testing.T
	ln *pipeListener
}

// inBubble runs a test against a fresh server and stops the server after it.
func inBubble(t *testing.T, c Config, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.Epoch, c.Record = "e7k2", true
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{Server: s, t: t, ln: newPipeListener()}
		served := make(chan error, 1)
		go func() { served <- s.Serve(context.Background(), b.ln) }()
		defer func() { // also after a t.Fatal: a bubble must not leave anything behind
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = s.Shutdown(ctx) // connections that the test left open are cut
			if err := <-served; err != nil {
				t.Errorf("serve: %v", err)
			}
		}()
		test(t, b)
	})
}

// publish publishes text and lets it go out.
func (b *bench) publish(channel string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if _, err := b.hub.Publish(channel, "text/plain", []byte(text), 0); err != nil {
			b.t.Fatal(err)
		}
		synctest.Wait()
	}
}

// kinds lists a channel's record as "kind" or "kind note" words.
func (b *bench) kinds(channel string) []string {
	events, _, _ := b.record.since(channel, 0)
	var out []string
	for _, e := range events {
		switch e.Kind {
		case kindHeaders, kindPublish, kindError:
			out = append(out, e.Kind)
		default:
			out = append(out, strings.TrimSpace(e.Kind+" "+e.Note))
		}
	}
	return out
}

// client is one connection whose answers are collected as they come.
type client struct {
	t    *testing.T
	conn net.Conn

	mu   sync.Mutex
	got  bytes.Buffer
	done chan struct{} // closed when the server closed the connection
}

// dial opens a connection that nobody reads yet.
func (b *bench) dial() *client {
	b.t.Helper()
	near, far := net.Pipe()
	select {
	case b.ln.conns <- far:
	case <-b.ln.closed:
		b.t.Fatal("the server does not accept any more")
	}
	c := &client{t: b.t, conn: near, done: make(chan struct{})}
	b.t.Cleanup(func() { near.Close() })
	return c
}

// open sends a request and reads its answer from then on.
func (b *bench) open(request string) *client {
	b.t.Helper()
	c := b.dial()
	go c.read()
	c.send(request)
	return c
}

// get opens an HTTP/1.1 GET.
func (b *bench) get(target string) *client {
	b.t.Helper()
	return b.open("GET " + target + " HTTP/1.1\r\nHost: origin\r\n\r\n")
}

func (c *client) send(request string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, request); err != nil {
		c.t.Fatal(err)
	}
	synctest.Wait()
}

func (c *client) read() {
	defer close(c.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.conn.Read(buf)
		c.mu.Lock()
		c.got.Write(buf[:n])
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// leave closes the connection from the client's side.
func (c *client) leave() {
	c.conn.Close()
	synctest.Wait()
}

// wire is everything that has come so far.
func (c *client) wire() string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.String()
}

// answer parses what has come so far; complete is false while the body goes on.
func (c *client) answer() (resp *http.Response, body string, complete bool) {
	c.t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(c.wire())), nil)
	if err != nil {
		c.t.Fatalf("no answer yet: %v", err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.t.Fatal(err)
	}
	return resp, string(b), err == nil
}

// body is the body so far.
func (c *client) body() string {
	c.t.Helper()
	_, body, _ := c.answer()
	return body
}

// hungUp reports whether the server closed the connection.
func (c *client) hungUp() bool {
	synctest.Wait()
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
