package reference

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// completing counts the completions that the model writes.
func (b *bench) completing() int64 {
	synctest.Wait()
	return b.completions.open.Load()
}

// TestCompletionAbort: the model stops as soon as the client is gone, whatever
// it waits for.
func TestCompletionAbort(t *testing.T) {
	for name, request := range map[string]string{
		"before the head":        chat("first=1h&head=late", hello),
		"before the first token": chat("first=1h", hello),
		"between tokens":         chat("rate=0.1&tokens=9", hello),
		"before a heartbeat":     chat("rate=0.1&tokens=9&heartbeat=5s", hello),
		"before the whole":       chat("first=1h", strings.Replace(hello, "true", "false", 1)),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				c := b.open(request)
				time.Sleep(12 * time.Second)
				if n := b.completing(); n != 1 {
					t.Fatalf("%d completions", n)
				}
				if _, body, _ := b.get("/metrics").answer(); !strings.Contains(body, "\ncometbench_completions 1\n") {
					t.Errorf("metrics: %s", body)
				}
				c.leave()
				if n := b.completing(); n != 0 {
					t.Errorf("%d completions after the client left", n)
				}
			})
		})
	}
}

// TestCompletionStalledReader: who reads nothing is held no longer than a
// write may block.
func TestCompletionStalledReader(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.dial()
		c.send(chat("", hello))
		time.Sleep(answerAllowed - 1)
		if n := b.completing(); n != 1 {
			t.Fatalf("%d completions while a write is blocked", n)
		}
		time.Sleep(time.Nanosecond)
		if n := b.completing(); n != 0 {
			t.Errorf("%d completions after the write was given up", n)
		}
	})
}

// TestCompletionCatchesUp: a reader that pauses gets every token once, in
// order, at once what became due meanwhile, and can tell it from the times.
func TestCompletionCatchesUp(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.dial()
		c.send(chat("tokens=50&rate=10", hello))
		time.Sleep(3050 * time.Millisecond)
		go c.read()
		d := c.told()
		if len(d.tokens) != 31 { // those of 0 to 3 s
			t.Fatalf("%d tokens after the pause", len(d.tokens))
		}
		last := d.chunks[31].Cometbench
		if late := last.SentUS - last.DueUS; late != 50_000 {
			t.Errorf("the last of them says it is %d us late", late)
		}
		time.Sleep(1850 * time.Millisecond)
		d = c.told()
		if !d.done || len(d.tokens) != 50 {
			t.Fatalf("end: %+v", d)
		}
		for n, chunk := range d.chunks {
			if chunk.Cometbench.N != n+1 {
				t.Errorf("chunk %d is number %d", n, chunk.Cometbench.N)
			}
		}
		if m := d.chunks[50].Cometbench; m.SentUS != m.DueUS {
			t.Errorf("the schedule was shifted: %+v", m)
		}
	})
}

func TestCompletionsAreBounded(t *testing.T) {
	inBubble(t, Config{MaxSubscribers: 2}, func(t *testing.T, b *bench) {
		first := b.open(chat("first=1h", hello))
		b.open(chat("first=1h", hello))
		resp, body, _ := b.open(chat("", hello)).answer()
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, `"type":"server_error"`) {
			t.Errorf("the third: %s %v %s", resp.Status, resp.Header, body)
		}
		first.leave()
		if resp, _, _ := b.open(chat("", hello)).answer(); resp.StatusCode != 200 {
			t.Errorf("when one has left: %s", resp.Status)
		}
	})
}

// TestCompletionShutdown: what is being written ends with an error and without
// its last words.
func TestCompletionShutdown(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.open(chat("rate=1", hello))
		late := b.open(chat("first=1h&head=late", hello))
		whole := b.open(chat("first=1h", strings.Replace(hello, "true", "false", 1)))
		time.Sleep(2500 * time.Millisecond)
		if err := b.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, _, complete := c.answer()
		if d := c.told(); !complete || d.done || d.finish != "" || len(d.tokens) != 3 || d.errors != 1 {
			t.Errorf("stream: complete %v, %+v", complete, d)
		}
		for name, c := range map[string]*client{"late": late, "whole": whole} {
			if resp, body, _ := c.answer(); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "shutting down") {
				t.Errorf("%s: %s %s", name, resp.Status, body)
			}
		}
	})
}
