package clients

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func modelled(t *testing.T, name string) *Model {
	t.Helper()
	c, ok := ByName(name)
	if !ok {
		t.Fatalf("no client %s", name)
	}
	return c.(*Model)
}

func TestModels(t *testing.T) {
	var names []string
	for _, c := range Models() {
		names = append(names, c.Name())
		m := modelled(t, c.Name())
		if m.About() == "" || m.Clock().ID != c.Name() || c.Close() != nil || !strings.Contains(m.userAgent, "cometbench") {
			t.Errorf("%s: %q, clock %+v, agent %q", c.Name(), m.About(), m.Clock(), m.userAgent)
		}
		for _, technique := range m.techniques {
			if _, ok := measure.TechniqueByName(technique); !ok {
				t.Errorf("%s receives by %q", c.Name(), technique)
			}
		}
	}
	if got := strings.Join(names, " "); got != "model:ie8 model:ie9 model:xdr model:android2 model:two-connections" {
		t.Errorf("models %s", got)
	}
	if c, ok := ByName("go"); !ok || c.Name() != "go" {
		t.Errorf("go is %v", c)
	}
	if c, ok := ByName("model:lynx"); ok {
		t.Errorf("found %v", c)
	}
}

// Which techniques each model has no means for.
func TestModelsSupport(t *testing.T) {
	for name, without := range map[string][]string{
		"model:ie8":             {"fetch-streaming", "multipart", "eventsource", "websocket", "webtransport", "bayeux-websocket", "sockjs-eventsource", "sockjs-websocket"},
		"model:ie9":             {"fetch-streaming", "multipart", "eventsource", "websocket", "webtransport", "bayeux-websocket", "sockjs-eventsource", "sockjs-websocket"},
		"model:xdr":             {"callback-poll", "fetch-streaming", "forever-iframe", "forever-iframe-text", "htmlfile", "multipart", "eventsource", "content-length-stream", "websocket", "webtransport", "bayeux-long-polling", "bayeux-callback-polling", "bayeux-websocket", "sockjs-eventsource", "sockjs-htmlfile", "sockjs-jsonp", "sockjs-websocket"},
		"model:android2":        {"fetch-streaming", "htmlfile", "multipart", "eventsource", "websocket", "webtransport", "bayeux-websocket", "sockjs-eventsource", "sockjs-htmlfile", "sockjs-websocket"},
		"model:two-connections": {"webtransport"},
	} {
		m := modelled(t, name)
		for _, row := range measure.Techniques() {
			s := at(row.Name, "http://x/?callback=cb")
			if err := m.Supports(s); (err != nil) != slices.Contains(without, row.Name) {
				t.Errorf("%s by %s: %v", name, row.Name, err)
			} else if err != nil {
				if err := m.Subscribe(t.Context(), s, nil); err == nil {
					t.Errorf("%s received by %s", name, row.Name)
				}
			}
		}
		for _, c := range []struct {
			change func(s *measure.Subscription)
			want   string
		}{
			{func(s *measure.Subscription) { s.Target.HTTP = "2" }, "older than HTTP/2"},
			{func(s *measure.Subscription) { s.Target.Method = "PUT" }, "not by PUT"},
			{func(s *measure.Subscription) { s.Variant = "pink" }, "no variant"},
			{func(s *measure.Subscription) { s.Variant = "post" }, ""},
			{func(s *measure.Subscription) { s.Target.HTTP = "1.0" }, ""},
		} {
			s := at("xhr-streaming", "http://x/")
			c.change(&s)
			if err := m.Supports(s); (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: got %v, want %q", name, err, c.want)
			}
		}
	}
}

// When the messages become visible that an origin says at 1 s, 2 s and so on,
// each padded to a size, and ends after the last.
func TestModelsShow(t *testing.T) {
	iframe := func(m string) string { return "<script>parent.cometbench(" + m + ")</script>\n" }
	line := func(m string) string { return m + "\n" }
	html := func(m string) string { return "<script>parent.cb(" + m + ")</script>\n" }
	for _, c := range []struct {
		model, technique string
		wrap             func(string) string
		prelude, padding int // bytes
		messages         int
		want             string // the seconds at which each is seen
	}{
		{"model:ie8", "xhr-streaming", line, 0, 1000, 3, "4 4 4"},
		{"model:ie9", "xhr-streaming", line, 8192, 1000, 3, "4 4 4"},
		{"model:ie8", "forever-iframe", iframe, 0, 120, 4, "3 3 3 4"},
		{"model:ie8", "forever-iframe", iframe, 256, 120, 3, "1 2 3"},
		{"model:ie9", "htmlfile", html, 256, 120, 3, "1 2 3"},
		{"model:xdr", "xhr-streaming", line, 0, 1000, 4, "3 3 3 4"},
		{"model:xdr", "xhr-streaming", line, 2048, 100, 3, "1 2 3"},
		{"model:xdr", "early-close", line, 0, 100, 1, "2"},
		{"model:android2", "xhr-streaming", line, 0, 1000, 6, "5 5 5 5 7 7"},
		{"model:android2", "forever-iframe", iframe, 4096, 4096, 2, "1 2"},
		{"model:two-connections", "xhr-streaming", line, 0, 0, 3, "1 2 3"},
	} {
		t.Run(c.model+" "+c.technique, func(t *testing.T) {
			m := modelled(t, c.model)
			inFakeTimeBy(t, m.receiver, measure.Subscription{Technique: c.technique}, time.Minute, func(_ int, w http.ResponseWriter, r *http.Request) {
				if r.UserAgent() != m.userAgent {
					t.Errorf("asked by %s", r.UserAgent())
				}
				say(w, strings.Repeat(" ", c.prelude))
				for range c.messages {
					time.Sleep(time.Second)
					frame := c.wrap(msg1)
					say(w, c.wrap(msg1+strings.Repeat(" ", max(0, c.padding-len(frame)))))
				}
				time.Sleep(time.Second)
			}, func(told string) {
				var at []string
				for l := range strings.Lines(told) {
					if when, ok := strings.CutSuffix(strings.TrimSpace(l), "s message e1-1"); ok {
						at = append(at, when)
					}
				}
				if got := strings.Join(at, " "); got != c.want || strings.Contains(told, "error") {
					t.Errorf("got %s, want %s:\n%s", got, c.want, told)
				}
			})
		})
	}
}

// An answer that breaks off takes with it what nobody had seen yet.
func TestModelsLoseWhatIsCut(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		say(w, msg1+"\n")
		panic(http.ErrAbortHandler)
	})
	for name, seen := range map[string]bool{"model:ie8": false, "model:xdr": false, "model:android2": false, "model:two-connections": true} {
		got := received(t, modelled(t, name), at("xhr-streaming", u))
		if strings.Contains(got, "message") != seen || !strings.HasSuffix(got, "end fin") {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

// received subscribes with any client until Subscribe returns by itself.
func received(t *testing.T, c measure.Client, s measure.Subscription) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	l := &timeline{t: t, clock: c.Clock().ID}
	if err := c.Subscribe(ctx, s, l.sink); err != nil || ctx.Err() != nil {
		t.Fatalf("subscribe: %v, %v", err, ctx.Err())
	}
	return l.told()
}

// Of five streams two are open at once, and each that ends lets the next in.
func TestTwoConnections(t *testing.T) {
	var mu sync.Mutex
	open, most, entered := 0, 0, make(chan struct{}, 5)
	next, otherNext := make(chan struct{}), make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		open++
		most = max(most, open)
		mu.Unlock()
		say(w, msg1+"\n")
		entered <- struct{}{}
		if r.URL.Path == "/other" {
			<-otherNext
		} else {
			<-next
		}
		mu.Lock()
		open--
		mu.Unlock()
	})
	c, other := modelled(t, "model:two-connections"), modelled(t, "model:two-connections")
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			want(t, received(t, c, at("xhr-streaming", u)), "dial #1", "headers 200 HTTP/1.1 text/plain; charset=utf-8", "message e1-1", "end clean")
		})
	}
	<-entered
	<-entered
	// A client of its own has sockets of its own, and so has another origin.
	wait.Go(func() { received(t, other, at("xhr-streaming", u+"/other")) })
	<-entered
	free := serve(t, func(w http.ResponseWriter, _ *http.Request) { say(w, msg1+"\n") })
	received(t, c, at("xhr-streaming", free))
	for range 3 {
		next <- struct{}{}
		<-entered
	}
	next <- struct{}{}
	next <- struct{}{}
	close(otherNext)
	wait.Wait()
	if most != 3 {
		t.Errorf("%d streams at once, want 2 of one client and 1 of the other", most)
	}
	if len(c.slots.places) != 0 || len(other.slots.places) != 0 {
		t.Errorf("places left: %v, %v", c.slots.places, other.slots.places)
	}
}

// Polls give their place away between two answers, and a client that leaves
// while it waits leaves nothing behind.
func TestTwoConnectionsTakeTurns(t *testing.T) {
	c := modelled(t, "model:two-connections")
	asked := make(chan string, 16)
	held := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		asked <- r.URL.Path
		if r.URL.Path == "/held" {
			<-held
		}
		say(w, "["+msg1+"]")
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	start := func(technique, path string) {
		s := at(technique, u+path)
		s.Resume, s.PollInterval = technique == "short-poll", time.Millisecond
		wait.Go(func() {
			if err := c.Subscribe(ctx, s, (&timeline{t: t, clock: c.Clock().ID}).sink); err != nil {
				t.Error(err)
			}
		})
	}
	start("long-poll", "/held")
	if path := <-asked; path != "/held" {
		t.Fatal(path)
	}
	for _, path := range []string{"/a", "/b", "/c"} { // three share the other socket
		start("short-poll", path)
	}
	seen := map[string]bool{}
	for len(seen) < 3 {
		seen[<-asked] = true
	}
	cancel()
	go func() { // polls under way must not block on the channel
		for range asked {
		}
	}()
	close(held)
	wait.Wait()
	close(asked)
	if len(c.slots.places) != 0 {
		t.Errorf("places left: %v", c.slots.places)
	}
}

// Waiting for a place takes as long as it takes; the limit on connecting does
// not count it.
func TestWaitingIsNotConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slots{most: 1}
		far := make(chan net.Conn, 3)
		d := &dialer{events: &reporter{sink: func(measure.Event) {}}, tcp: s.limited(func(ctx context.Context, _, _ string) (net.Conn, error) {
			near, c := net.Pipe()
			far <- c
			return near, ctx.Err()
		})}
		first, err := d.DialContext(t.Context(), "tcp", "a:1")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*connectTimeout, func() { first.Close() })
		started := time.Now()
		second, err := d.TunnelContext(t.Context(), "tcp", "a:1")
		if err != nil || time.Since(started) != 10*connectTimeout {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		second.Close()
		second.Close() // gives back one place, not two
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := d.DialContext(t.Context(), "tcp", "a:1"); err != nil {
			t.Error(err)
		}
		if _, err := d.DialContext(ctx, "tcp", "a:1"); err != context.DeadlineExceeded {
			t.Errorf("a second socket: %v", err)
		}
		d.close()
		if len(s.places) != 0 {
			t.Errorf("places left: %v", s.places)
		}
	})
}
