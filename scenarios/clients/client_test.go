package clients

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// tell writes an event in one line: what a test compares.
func tell(e measure.Event) string {
	out := string(e.Kind)
	switch e.Kind {
	case measure.Dial:
		return fmt.Sprintf("dial #%d", e.Conn)
	case measure.Headers:
		out += fmt.Sprintf(" %d HTTP/%s %s", e.Status, e.HTTP, e.ContentType)
		out = strings.TrimSpace(out)
		if e.Encoding != "" {
			out += " (" + e.Encoding + ")"
		}
	case measure.End:
		out += " " + string(e.EndKind)
	}
	for _, s := range []string{e.ID, e.Note} {
		if s != "" {
			out += " " + s
		}
	}
	if e.Conn > 1 {
		out += fmt.Sprintf(" #%d", e.Conn)
	}
	return strings.TrimSpace(out)
}

// timeline collects events, and holds what Subscribe promises of each.
type timeline struct {
	t  testing.TB
	mu sync.Mutex
	at int64

	events []measure.Event
	on     func(measure.Event) // called for each
	clock  string              // of its events; "" is the go client's
}

func (l *timeline) sink(e measure.Event) {
	if !l.mu.TryLock() {
		l.t.Error("two events at once")
		return
	}
	defer l.mu.Unlock()
	clock := l.clock
	if clock == "" {
		clock = "go"
	}
	if e.Side != measure.SideClient || e.Clock != clock || !e.Kind.Known() {
		l.t.Errorf("not an event of this client: %+v", e)
	}
	l.events = append(l.events, e)
	if l.on != nil {
		l.on(e)
	}
}

func (l *timeline) told() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for _, e := range l.events {
		lines = append(lines, tell(e))
	}
	return strings.Join(lines, "\n")
}

// receive subscribes until Subscribe returns by itself. on may be nil.
func receive(t *testing.T, s measure.Subscription, on func(measure.Event)) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	l := &timeline{t: t, on: on}
	if err := NewGo().Subscribe(ctx, s, l.sink); err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	if ctx.Err() != nil {
		t.Fatalf("subscribe did not return by itself:\n%s", l.told())
	}
	return l.told()
}

// want compares a timeline with the lines expected.
func want(t *testing.T, got string, lines ...string) {
	t.Helper()
	if w := strings.Join(lines, "\n"); got != w {
		t.Errorf("got\n%s\nwant\n%s", got, w)
	}
}

// serve starts an HTTP/1.1 origin.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// rawOrigin answers each connection by a script that sees the request's head
// and writes bytes as they are. The connection is closed after it.
func rawOrigin(t *testing.T, script func(req *http.Request, c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err == nil {
					script(req, c)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); wait.Wait() })
	return "http://" + l.Addr().String()
}

// say writes one chunk.
func say(w http.ResponseWriter, s string) {
	_, _ = w.Write([]byte(s))
	_ = http.NewResponseController(w).Flush()
}

func reset(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }

// at is a subscription to technique at url.
func at(technique, url string) measure.Subscription {
	return measure.Subscription{Technique: technique, Target: measure.Target{URL: url}}
}
