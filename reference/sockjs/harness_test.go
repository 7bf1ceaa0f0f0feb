package sockjs

import (
	"bufio"
	"bytes"
	"context"
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

// bench is a service behind pipes, in a bubble where time stands still while
// both ends wait.
type bench struct {
	*Service
	t     *testing.T
	conns chan net.Conn
	done  chan struct{}
}

// inBubble runs a test against a service and stops it afterwards.
func inBubble(t *testing.T, c Config, terms Terms, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if c.Accept == nil {
			c.Accept = func(*http.Request) (Terms, error) { return terms, nil }
		}
		service, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{Service: service, t: t, conns: make(chan net.Conn), done: make(chan struct{})}
		web := &http.Server{Handler: At("/x", service)}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = web.Serve(b) // ends with the bench
		}()
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = service.Shutdown(ctx) // what the test left open is cut
			_ = web.Close()
			<-served
			time.Sleep(time.Second) // net/http lets a connection that it refused linger for half a second
		}()
		test(b)
	})
}

// Accept, Close and Addr make the bench a listener.
func (b *bench) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.done:
		return nil, net.ErrClosed
	}
}

func (b *bench) Close() error {
	close(b.done)
	return nil
}

func (b *bench) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// client is one connection whose answers are collected as they come.
type client struct {
	t    *testing.T
	conn net.Conn
	mu   sync.Mutex
	got  bytes.Buffer
}

// ask sends a request and collects the answer.
func (b *bench) ask(method, path, body string) *client {
	b.t.Helper()
	c := b.deaf(method, path, body)
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := c.conn.Read(buf)
			c.mu.Lock()
			c.got.Write(buf[:n])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	synctest.Wait()
	return c
}

// deaf sends a request and reads nothing.
func (b *bench) deaf(method, path, body string) *client {
	b.t.Helper()
	near, far := net.Pipe()
	b.conns <- far
	b.t.Cleanup(func() { _ = near.Close() })
	head := method + " /x" + path + " HTTP/1.1\r\nHost: o\r\n"
	if method == http.MethodPost {
		head += "Content-Length: " + itoa(len(body)) + "\r\n"
	}
	if _, err := io.WriteString(near, head+"\r\n"+body); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
	return &client{t: b.t, conn: near}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// answer is what has come so far; complete is false while the body goes on.
func (c *client) answer() (status int, body string, complete bool) {
	c.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(c.got.Bytes())), nil)
	if err != nil {
		return 0, "", false
	}
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err == nil
}

// has wants the body so far to end so.
func (c *client) has(tail string, complete bool) {
	c.t.Helper()
	status, body, whole := c.answer()
	if status != http.StatusOK || !strings.HasSuffix(body, tail) || whole != complete {
		c.t.Errorf("status %d, body %q, complete %v; want %q at its end, complete %v", status, body[max(0, len(body)-200):], whole, tail, complete)
	}
}

func (c *client) leave() {
	_ = c.conn.Close()
	synctest.Wait()
}
