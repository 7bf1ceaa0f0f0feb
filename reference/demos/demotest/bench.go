// Package demotest runs a demo on a reference server in a synctest bubble: the
// wire is net.Pipe, and time passes only while everybody waits, so that a
// timeout of a minute is tested whole.
package demotest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

// Mount is what Run puts a demo on its server with: the demo below path, on a
// stage without scaling.
func Mount[H http.Handler](path string, demo func(*stage.Stage) (H, error)) func(*testing.T, *reference.Server) func() {
	return func(t *testing.T, srv *reference.Server) func() {
		t.Helper()
		s := stage.New(srv, path, 1)
		h, err := demo(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Mount(path, h); err != nil {
			t.Fatal(err)
		}
		return s.Close
	}
}

// Bench is a server in a bubble. Its epoch is "e", its record is kept.
type Bench struct {
	Server *reference.Server

	t        *testing.T
	conns    chan net.Conn
	closed   chan struct{}
	once     sync.Once
	requests sync.WaitGroup
}

// Run runs test against a fresh server in a bubble. mount puts the demo on it
// and returns what stops the demo, after the server has.
func Run(t *testing.T, mount func(*testing.T, *reference.Server) (stop func()), test func(*testing.T, *Bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := reference.New(reference.Config{Epoch: "e", Record: true})
		if err != nil {
			t.Fatal(err)
		}
		b := &Bench{Server: s, t: t, conns: make(chan net.Conn), closed: make(chan struct{})}
		stop := mount(t, s)
		served := make(chan error, 1)
		go func() { served <- s.Serve(context.Background(), b) }()
		defer func() { // also after a Fatal: a bubble must not leave anything behind
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = s.Shutdown(ctx) // connections that the test left open are cut
			if err := <-served; err != nil {
				t.Errorf("serve: %v", err)
			}
			stop()
			b.requests.Wait()
		}()
		test(t, b)
	})
}

// Accept implements net.Listener.
func (b *Bench) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (b *Bench) Close() error { b.once.Do(func() { close(b.closed) }); return nil }

// Addr implements net.Listener.
func (b *Bench) Addr() net.Addr { return &net.UnixAddr{Name: "bench", Net: "pipe"} }

// Exchange is a request on a connection of its own, and what has come of the
// answer.
type Exchange struct {
	t    *testing.T
	conn net.Conn

	mu  sync.Mutex
	got bytes.Buffer
}

// Get sends a GET.
func (b *Bench) Get(target string) *Exchange { b.t.Helper(); return b.Ask(http.MethodGet, target, "") }

// Post sends a POST of a form.
func (b *Bench) Post(target, form string) *Exchange {
	b.t.Helper()
	return b.Ask(http.MethodPost, target, form)
}

// Ask sends a request with a form, if there is one.
func (b *Bench) Ask(method, target, form string) *Exchange {
	b.t.Helper()
	header := http.Header{}
	if form != "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.Send(method, target, header, form)
}

// Send sends a request and reads its answer from then on.
func (b *Bench) Send(method, target string, header http.Header, body string) *Exchange {
	b.t.Helper()
	near, far := net.Pipe()
	select {
	case b.conns <- far:
	case <-b.closed:
		b.t.Fatal("the server does not accept any more")
	}
	x := &Exchange{t: b.t, conn: near}
	b.t.Cleanup(func() { near.Close() })
	b.requests.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := near.Read(buf)
			x.mu.Lock()
			x.got.Write(buf[:n])
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	var request strings.Builder
	fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: origin\r\n", method, target)
	for name, values := range header {
		for _, value := range values {
			fmt.Fprintf(&request, "%s: %s\r\n", name, value)
		}
	}
	if body != "" {
		fmt.Fprintf(&request, "Content-Length: %d\r\n", len(body))
	}
	request.WriteString("\r\n" + body)
	if _, err := io.WriteString(near, request.String()); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
	return x
}

// Leave closes the connection from the client's side.
func (x *Exchange) Leave() {
	x.conn.Close()
	synctest.Wait()
}

// Answered reports whether a head has come.
func (x *Exchange) Answered() bool {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.got.Len() > 0
}

// answer is what has come so far; whole says that it is complete.
type answer struct {
	status int
	header http.Header
	body   string
	whole  bool
}

// answer parses what has come so far.
func (x *Exchange) answer() answer {
	x.t.Helper()
	synctest.Wait()
	x.mu.Lock()
	wire := x.got.String()
	x.mu.Unlock()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(wire)), nil)
	if err != nil {
		x.t.Fatalf("no answer yet: %v", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		x.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b), err == nil}
}

// Status is the status of the answer.
func (x *Exchange) Status() int { x.t.Helper(); return x.answer().status }

// Header is the header of the answer.
func (x *Exchange) Header() http.Header { x.t.Helper(); return x.answer().header }

// Body is the body so far.
func (x *Exchange) Body() string { x.t.Helper(); return x.answer().body }

// Over reports whether the whole body has come.
func (x *Exchange) Over() bool { x.t.Helper(); return x.answer().whole }
