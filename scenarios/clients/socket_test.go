package clients

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// socketOrigin accepts websockets and hands them to script.
func socketOrigin(t *testing.T, script func(r *http.Request, c *websocket.Conn)) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		script(r, c)
	})
}

// tellSocket sends text messages.
func tellSocket(t *testing.T, c *websocket.Conn, messages ...string) {
	for _, m := range messages {
		if err := c.Write(context.Background(), websocket.MessageText, []byte(m)); err != nil {
			t.Error(err)
		}
	}
}

const upgraded = "headers 101 HTTP/1.1"

func TestWebsocket(t *testing.T) {
	asked := make(chan *http.Request, 1)
	s := at("websocket", socketOrigin(t, func(r *http.Request, c *websocket.Conn) {
		asked <- r
		tellSocket(t, c, hello, msg1, gap)
		ctx := c.CloseRead(context.Background()) // pongs are read there
		if err := c.Ping(ctx); err != nil {
			t.Errorf("no pong: %v", err)
		}
		_ = c.Write(ctx, websocket.MessageBinary, []byte{1})
		tellSocket(t, c, "oops", msg2, done)
		_ = c.Close(websocket.StatusGoingAway, "")
	})+"/?channel=c")
	s.After = "e1-0"
	want(t, receive(t, s, nil), "dial #1", upgraded, "prelude e1-0", "message e1-1", "gap e1-53 missed=12", "heartbeat ping",
		"error binary message of 1 bytes, want text", "error message is not a JSON object: oops", "message e1-2", "end clean recycle-bytes")
	r := <-asked
	if r.URL.Query().Get("after") != "e1-0" || r.UserAgent() != UserAgent || r.Header.Get("Origin") != "http://"+r.Host {
		t.Errorf("asked %s %v", r.URL, r.Header)
	}
}

func TestWebsocketEndings(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(c *websocket.Conn, raw net.Conn)
		want []string
	}{
		"close frame": {func(c *websocket.Conn, _ net.Conn) { _ = c.Close(websocket.StatusNormalClosure, "") }, []string{"end clean"}},
		"cut":         {func(_ *websocket.Conn, raw net.Conn) { raw.Close() }, []string{"end fin"}},
		"reset":       {func(_ *websocket.Conn, raw net.Conn) { reset(raw); raw.Close() }, []string{"end rst"}},
		"end notice, then a cut": {func(c *websocket.Conn, raw net.Conn) {
			_ = c.Write(context.Background(), websocket.MessageText, []byte(done))
			raw.Close()
		}, []string{"end clean recycle-bytes"}},
		"bytes that are no frame": {func(_ *websocket.Conn, raw net.Conn) {
			_, _ = io.WriteString(raw, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = raw.Read(make([]byte, 1))
			raw.Close()
		}, []string{"error read socket: failed to get reader: received header with unexpected rsv bits set: true:false:false"}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{}, 1)
			conns := make(chan net.Conn, 1)
			s := at("websocket", serve(t, func(w http.ResponseWriter, r *http.Request) {
				keep := &hijackSpy{ResponseWriter: w, conns: conns}
				ws, err := websocket.Accept(keep, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer ws.CloseNow()
				tellSocket(t, ws, msg1)
				<-seen
				c.end(ws, <-conns)
			}))
			got := receive(t, s, func(e measure.Event) {
				if e.Kind == measure.Received {
					seen <- struct{}{}
				}
			})
			want(t, got, append([]string{"dial #1", upgraded, "message e1-1"}, c.want...)...)
		})
	}
}

// hijackSpy hands the hijacked connection to a test as well.
type hijackSpy struct {
	http.ResponseWriter
	conns chan net.Conn
}

func (h *hijackSpy) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conns <- c
	return c, rw, err
}

func TestWebsocketRefused(t *testing.T) {
	answer := func(status int, header map[string]string, body string) measure.Subscription {
		return at("websocket", serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range header {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
	}
	text := map[string]string{"Content-Type": "text/plain"}
	want(t, receive(t, answer(403, text, "no sockets here"), nil),
		"dial #1", "headers 403 HTTP/1.1 text/plain", "error status 403 Forbidden: no sockets here", "end status")
	want(t, receive(t, answer(302, map[string]string{"Location": "/login", "Content-Type": "text/plain"}, ""), nil),
		"dial #1", "headers 302 HTTP/1.1 text/plain", "error status 302 Found", "end status")
	want(t, receive(t, answer(410, nil, ""), nil), "dial #1", "headers 410 HTTP/1.1", "end status terminated")
	// The upgrade was stripped: an ordinary answer.
	want(t, receive(t, answer(200, text, "hello"), nil),
		"dial #1", "headers 200 HTTP/1.1 text/plain", "error status 200 OK: hello", "end status")

	s := at("websocket", rawOrigin(t, func(_ *http.Request, c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
		_, _ = c.Read(make([]byte, 1))
	}))
	if got := receive(t, s, nil); !strings.HasPrefix(got, "dial #1\n"+upgraded+"\nerror ") || !strings.Contains(got, "invalid Sec-WebSocket-Accept") {
		t.Errorf("got\n%s", got)
	}
}

// Leaving a socket closes its TCP connection, at once.
func TestLeavingASocket(t *testing.T) {
	gone := make(chan error, 1)
	s := at("websocket", socketOrigin(t, func(_ *http.Request, c *websocket.Conn) {
		tellSocket(t, c, hello)
		_, _, err := c.Read(context.Background())
		gone <- err
	}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := &timeline{t: t, on: func(e measure.Event) {
		if e.Kind == measure.Prelude {
			cancel()
		}
	}}
	if err := NewGo().Subscribe(ctx, s, l.sink); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err == nil || websocket.CloseStatus(err) >= 0 {
		t.Errorf("the origin saw %v", err)
	}
	want(t, l.told(), "dial #1", upgraded, "prelude e1-0")
}
