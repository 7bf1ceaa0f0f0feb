package reference

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// metric reads one value of /metrics, which goes outside the slots.
func (b *bench) metric(name string) string {
	b.t.Helper()
	c := b.get("/metrics")
	defer c.leave()
	for line := range strings.Lines(c.body()) {
		if value, ok := strings.CutPrefix(line, "cometbench_"+name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	b.t.Fatalf("no %s", name)
	return ""
}

// TestStarvation: held responses use the workers up, and an ordinary request
// waits until one of them ends. What is needed to see it does not wait.
func TestStarvation(t *testing.T) {
	inBubble(t, Config{Workers: 10}, func(t *testing.T, b *bench) {
		var held []*client
		for range 9 {
			held = append(held, b.get("/t/eventsource?channel=c"))
		}
		held = append(held, b.get("/t/long-poll?channel=c"))
		waiting := b.get("/healthz")
		next := b.get("/t/short-poll?channel=c")
		if waiting.wire() != "" || next.wire() != "" {
			t.Fatalf("answered by the eleventh of ten workers: %q", waiting.wire())
		}
		if got := b.metric("workers") + " " + b.metric("workers_busy") + " " + b.metric("workers_waiting"); got != "10 10 2" {
			t.Errorf("metrics say %s", got)
		}
		c := b.open(post("/publish?channel=other", "text/plain", "x"))
		if resp, _, _ := c.answer(); resp.StatusCode != 200 || b.get("/record/other").body() == "" {
			t.Error("publishing or the record waits, too")
		}
		held[0].leave()
		if body := waiting.body(); body != "ok\n" {
			t.Errorf("after one left: %q", body)
		}
		if body := next.body(); body != "[]" {
			t.Errorf("then the next: %q", body)
		}
		if got := b.metric("workers_busy") + " " + b.metric("workers_waiting"); got != "9 0" {
			t.Errorf("metrics say %s", got)
		}
	})
	inBubble(t, Config{}, func(t *testing.T, b *bench) { // the control
		for range 200 {
			b.get("/t/eventsource?channel=c")
		}
		if body := b.get("/healthz").body(); body != "ok\n" || b.metric("workers") != "0" {
			t.Errorf("without a limit: %q", body)
		}
	})
}

// TestStarvationOfSockets: a socket keeps its worker.
func TestStarvationOfSockets(t *testing.T) {
	inBubble(t, Config{Workers: 1}, func(t *testing.T, b *bench) {
		conn := b.socket("", true)
		waiting := b.get("/healthz")
		if waiting.wire() != "" {
			t.Fatal("answered")
		}
		conn.CloseNow()
		if body := waiting.body(); body != "ok\n" {
			t.Errorf("after the socket closed: %q", body)
		}
	})
}

func TestWorkersQueue(t *testing.T) {
	for queue, admitted := range map[int]int{-1: 0, 2: 2} {
		inBubble(t, Config{Workers: 1, WorkersQueue: queue}, func(t *testing.T, b *bench) {
			b.get("/t/eventsource?channel=c")
			var waiting []*client
			for range admitted {
				waiting = append(waiting, b.get("/healthz"))
			}
			full := b.get("/healthz").wire()
			if !strings.HasPrefix(full, "HTTP/1.1 503 ") || !strings.Contains(full, "Retry-After: 1\r\n") || !strings.Contains(full, errBusy.Error()) {
				t.Errorf("beyond the queue: %q", full)
			}
			if admitted == 0 {
				return
			}
			waiting[0].leave() // who leaves the queue makes room in it
			if again := b.get("/healthz").wire(); again != "" {
				t.Errorf("after one left the queue: %q", again)
			}
		})
	}
}

// TestWorkersShutdown: those who wait are told to come back, in the way their
// client understands.
func TestWorkersShutdown(t *testing.T) {
	inBubble(t, Config{Workers: 1}, func(t *testing.T, b *bench) {
		b.get("/t/eventsource?channel=c")
		events, poll := b.get("/t/eventsource?channel=c&retry=3s&after=e7k2-0"), b.get("/t/long-poll?channel=c")
		if err := b.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		resp, body, complete := events.answer()
		if resp.StatusCode != 200 || !complete || !strings.Contains(body, "retry: 3000\n") || !strings.Contains(body, `"reason":"shutdown"`) || !strings.Contains(body, "id: e7k2-0\n") {
			t.Errorf("EventSource: %s %q", resp.Status, body)
		}
		if resp, body, _ := poll.answer(); resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "1" {
			t.Errorf("poll: %s %q", resp.Status, body)
		}
	})
}

func TestPublishRate(t *testing.T) {
	inBubble(t, Config{MaxPublishRate: 4}, func(t *testing.T, b *bench) {
		publish := func() string {
			resp, _, _ := b.open(post("/publish?channel=c", "text/plain", "x")).answer()
			return fmt.Sprint(resp.StatusCode, resp.Header.Get("Retry-After"))
		}
		for n, want := range []string{"200", "200", "200", "200", "4291"} {
			if got := publish(); got != want {
				t.Errorf("message %d: %s, want %s", n+1, got, want)
			}
		}
		time.Sleep(time.Second / 4)
		if got := publish() + " " + publish(); got != "200 4291" {
			t.Errorf("a quarter of a second later: %s", got)
		}
		time.Sleep(time.Hour) // the bucket holds one second's worth
		if got := publish() + publish() + publish() + publish() + " " + publish(); got != "200200200200 4291" {
			t.Errorf("an hour later: %s", got)
		}
	})
}
