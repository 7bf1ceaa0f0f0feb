package bayeux

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// line is one socket of a client.
type line struct {
	t    *testing.T
	conn *websocket.Conn
	id   string
}

// overSockets runs a test against a server on a real listener.
func overSockets(t *testing.T, c Config, o Options, test func(t *testing.T, s *Server, dial func() *line)) {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeWith(w, r, o) }))
	defer srv.Close()
	defer s.Close()
	var open []*websocket.Conn
	defer func() { // a peer that is there and mute would hold the closing handshake up
		for _, conn := range open {
			conn.CloseNow()
		}
	}()
	test(t, s, func() *line {
		conn, _, err := websocket.Dial(t.Context(), srv.URL+"/bayeux", nil)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
		return &line{t: t, conn: conn}
	})
}

func (l *line) send(text string) {
	l.t.Helper()
	if err := l.conn.Write(l.t.Context(), websocket.MessageText, []byte(strings.ReplaceAll(text, "CLIENT", l.id))); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) read() []got {
	l.t.Helper()
	all, err := l.frame()
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

func (l *line) frame() (all []got, err error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	defer cancel()
	_, b, err := l.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(b, &all)
}

// shake shakes hands and subscribes.
func (l *line) shake(ext, pattern string) {
	l.t.Helper()
	l.send(`{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"],"ext":` + ext + `}`)
	l.id, _ = l.read()[0]["clientId"].(string)
	l.send(`{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"` + pattern + `"}`)
	if m := l.read()[0]; m["successful"] != true {
		l.t.Fatalf("%v", m)
	}
}

// await takes deliveries up to number n, answering connects as a client does.
func (l *line) await(n int, again func(m got) string) (ns []int) {
	l.t.Helper()
	for len(ns) < n {
		for _, m := range l.read() {
			switch {
			case m["channel"] == "/meta/connect":
				l.send(again(m))
			case m["data"] != nil:
				ns = append(ns, numbers([]got{m})...)
			}
		}
	}
	return ns
}

func upTo(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

const socketConnect = `{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket"}`

func TestSocket(t *testing.T) {
	overSockets(t, Config{}, Options{}, func(t *testing.T, s *Server, dial func() *line) {
		l := dial()
		l.shake("{}", "/a/*")
		l.send(strings.Replace(socketConnect, `"connectionType"`, `"advice":{"timeout":0},"connectionType"`, 1))
		if m := l.read(); len(m) != 1 || m[0]["successful"] != true {
			t.Fatalf("%v", m)
		}
		l.send(socketConnect)
		for n := range 100 {
			if err := s.Publish(nil, "/a/b", []byte(`{"n":`+string(rune('0'+n%10))+`}`), ""); err != nil {
				t.Fatal(err)
			}
		}
		got := l.await(100, func(m got) string { t.Errorf("deliveries ended the connect: %v", m); return socketConnect })
		for i, n := range got {
			if n != i%10 {
				t.Fatalf("message %d has number %d", i, n)
			}
		}
		l.send(`{"channel":"/a/c","clientId":"CLIENT","data":{"n":7},"id":"p"}`)
		for _, m := range slices.Concat(l.read(), l.read()) { // in either order
			if m["id"] != "p" || (m["data"] != nil) == (m["successful"] == true) {
				t.Errorf("%v", m)
			}
		}
		l.send(`{"channel":"/meta/disconnect","clientId":"CLIENT"}`)
		both := map[any]bool{}
		for range 2 {
			for _, m := range l.read() {
				both[m["channel"]] = true
			}
		}
		if !both["/meta/disconnect"] || !both["/meta/connect"] || s.Sessions() != 0 {
			t.Errorf("%v, %d sessions", both, s.Sessions())
		}
	})
}

// TestSocketWithAcks: a cut loses nothing, for what was not acknowledged comes
// again over the next socket.
func TestSocketWithAcks(t *testing.T) {
	overSockets(t, Config{}, Options{}, func(t *testing.T, s *Server, dial func() *line) {
		l := dial()
		l.shake(`{"ack":true}`, "/a")
		var publisher sync.WaitGroup
		defer publisher.Wait()
		publisher.Go(func() {
			for n := range 300 {
				if err := s.Publish(nil, "/a", fmtN(n), ""); err != nil {
					t.Error(err)
				}
			}
		})
		last := 0.0
		again := func(m got) string {
			if n, ok := m.ext("ack").(float64); ok {
				last = n
			}
			return acksOver(last)
		}
		l.send(acksOver(0))
		ns := l.await(1, again)
		l.conn.CloseNow() // and the connect that was sent may or may not have arrived
		next := dial()
		next.id = l.id
		next.send(acksOver(last))
		ns = append(ns, next.await(300-len(ns), again)...)
		if !slices.Equal(ns, upTo(300)) {
			t.Errorf("%d messages, %v", len(ns), ns)
		}
	})
}

func acksOver(n float64) string {
	return strings.Replace(acked(n), `"connectionType":"long-polling","advice":{"timeout":0}`, `"connectionType":"websocket"`, 1)
}

func fmtN(n int) []byte {
	b, _ := json.Marshal(map[string]int{"n": n})
	return b
}

func TestSocketRecycles(t *testing.T) {
	overSockets(t, Config{}, Options{RecycleBytes: 400}, func(t *testing.T, s *Server, dial func() *line) {
		l := dial()
		l.shake("{}", "/a")
		id := l.id
		l.send(socketConnect)
		var ns []int
		cycles := 0
		for round := range 10 {
			for n := range 10 {
				if err := s.Publish(nil, "/a", fmtN(round*10+n), ""); err != nil {
					t.Fatal(err)
				}
			}
			for len(ns) < round*10+10 {
				all, err := l.frame()
				if err == nil {
					ns = append(ns, numbers(all)...)
					continue
				}
				if websocket.CloseStatus(err) != websocket.StatusGoingAway {
					t.Fatalf("closed with %v after %d messages", err, len(ns))
				}
				cycles++
				l = dial()
				l.id = id
				l.send(socketConnect)
			}
		}
		if !slices.Equal(ns, upTo(100)) || cycles < 3 {
			t.Errorf("%d cycles, %v", cycles, ns)
		}
	})
}

func TestSocketRefuses(t *testing.T) {
	overSockets(t, Config{MaxMessageBytes: 4096}, Options{}, func(t *testing.T, _ *Server, dial func() *line) {
		for text, want := range map[string]websocket.StatusCode{
			"x": websocket.StatusPolicyViolation, "[]": websocket.StatusPolicyViolation,
			`[{"data":"` + strings.Repeat("x", 5000) + `"}]`: websocket.StatusMessageTooBig,
		} {
			l := dial()
			l.send(text)
			if _, err := l.frame(); websocket.CloseStatus(err) != want {
				t.Errorf("%.20q: %v, want %v", text, err, want)
			}
		}
		l := dial()
		if err := l.conn.Write(t.Context(), websocket.MessageBinary, []byte("[]")); err != nil {
			t.Fatal(err)
		}
		if _, err := l.frame(); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("binary: %v", err)
		}
	})
}

func TestSocketsCloseWithTheServer(t *testing.T) {
	overSockets(t, Config{}, Options{}, func(t *testing.T, s *Server, dial func() *line) {
		stranger, l := dial(), dial()
		l.shake("{}", "/a")
		l.send(socketConnect)
		l.send(`{"channel":"/b","clientId":"CLIENT","data":1}`) // its answer says that the connect is held
		l.read()
		done := make(chan struct{})
		go func() { s.Close(); close(done) }()
		if m := l.read()[0]; m["channel"] != "/meta/connect" || m.advice("reconnect") != "retry" {
			t.Errorf("%v", m)
		}
		for name, one := range map[string]*line{"stranger": stranger, "client": l} {
			if _, err := one.frame(); websocket.CloseStatus(err) != websocket.StatusGoingAway {
				t.Errorf("%s: %v", name, err)
			}
		}
		<-done
	})
}
