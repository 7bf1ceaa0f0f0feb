package reference

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTerminate(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		stream, poll := b.get("/t/eventsource?channel=c"), b.get("/t/long-poll?channel=c")
		other := b.get("/t/eventsource?channel=other")
		c := b.open("DELETE /publish?channel=c HTTP/1.1\r\nHost: o\r\n\r\n")
		if !strings.HasPrefix(c.wire(), "HTTP/1.1 204 ") {
			t.Fatalf("terminate: %q", c.wire())
		}
		if _, body, complete := stream.answer(); !complete || !strings.Contains(body, `"reason":"terminated"`) {
			t.Errorf("stream: %v, %q", complete, body)
		}
		if body := poll.body(); body != "[]" {
			t.Errorf("poll: %q", body)
		}
		if _, _, complete := other.answer(); complete {
			t.Error("another channel ended too")
		}
		for _, tech := range overHTTP1() {
			want := " 410 "
			if tech.Name() == "eventsource" {
				want = " 204 "
			}
			request := tech.Info().Methods[0] + " /t/" + tech.Name() + "?channel=c&callback=f HTTP/1.1\r\nHost: o\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n"
			if got := b.open(request).wire(); !strings.HasPrefix(got, "HTTP/1.1"+want) {
				t.Errorf("%s later: %.40q", tech.Name(), got)
			}
		}
		c = b.open("POST /publish?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 1\r\n\r\n1")
		if !strings.HasPrefix(c.wire(), "HTTP/1.1 410 ") {
			t.Errorf("publish later: %q", c.wire())
		}
	})
}

func TestTerminateDeliversWhatWasPublished(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.stalled("/t/xhr-streaming?channel=c&recycle_bytes=0")
		b.flood("c", 200)
		b.hub.Terminate("c")
		go c.read()
		_, body, complete := c.answer()
		if strings.Count(body, "sent_us") != 200 || !complete || !strings.HasSuffix(body, "\"terminated\",\"retry_ms\":1000}\n") {
			t.Errorf("%d messages, complete %v", strings.Count(body, "sent_us"), complete)
		}
	})
}

func TestShutdown(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		var streams []*client
		for _, tech := range singles() {
			if tech.Info().Class == Stream {
				streams = append(streams, b.get("/t/"+tech.Name()+"?channel=c&callback=f&length=2000"))
			}
		}
		poll := b.get("/t/long-poll?channel=c")
		watcher := b.get("/record/none?wait=50s")
		start := time.Now()
		if err := b.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		for _, c := range streams {
			if _, body, complete := c.answer(); !complete || !strings.Contains(body, `"reason":"shutdown"`) || !c.hungUp() {
				t.Errorf("complete %v: %q", complete, body)
			}
		}
		if poll.body() != "[]" || !strings.Contains(watcher.body(), `"events":[]`) {
			t.Errorf("poll %q, record %q", poll.body(), watcher.body())
		}
		if _, err := b.hub.Publish("c", "text/plain", nil, 0); err != ErrClosed {
			t.Errorf("publish afterwards: %v", err)
		}
	})
}

func TestShutdownDoesNotWaitForReaders(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		b.stalled("/t/xhr-streaming?channel=c&slow=wait&recycle_after=0")
		b.flood("c", 3)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if err := b.Shutdown(ctx); err == nil {
			t.Error("no error although a subscriber was cut off")
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		synctest.Wait()
		if b.hub.Subscribers("c") != 0 {
			t.Error("it is still served")
		}
	})
}

func TestDetach(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/fetch-streaming?channel=c")
		for _, sub := range slices.Collect(maps.Keys(b.hub.channels["c"])) {
			b.cfg.Engine.Detach(sub, ReasonRecycleTime)
			b.cfg.Engine.Detach(sub, ReasonShutdown)
		}
		if body := c.body(); !strings.Contains(body, `"reason":"recycle-time"`) {
			t.Errorf("body = %q", body)
		}
		if got := b.kinds("c"); !slices.Equal(got, []string{"headers", "end recycle-time"}) {
			t.Errorf("record = %q", got)
		}
	})
}

func TestTooManySubscribers(t *testing.T) {
	inBubble(t, Config{MaxSubscribers: 1}, func(t *testing.T, b *bench) {
		first := b.get("/t/eventsource?channel=c")
		if got := b.get("/t/eventsource?channel=c").wire(); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "Retry-After: 1") {
			t.Errorf("second: %q", got)
		}
		first.leave()
		if got := b.get("/t/eventsource?channel=c").wire(); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("after the first left: %q", got)
		}
	})
}
