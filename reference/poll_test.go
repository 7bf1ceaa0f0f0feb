package reference

import (
	"strings"
	"testing"
	"time"
)

func TestShortPoll(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/short-poll?channel=c")
		if resp, body, _ := c.answer(); body != "[]" || resp.StatusCode != 200 || resp.ContentLength != 2 {
			t.Fatalf("%s, length %d: %q", resp.Status, resp.ContentLength, body)
		}
		b.flood("c", 3)
		if n := strings.Count(b.get("/t/short-poll?channel=c").body(), "sent_us"); n != 3 {
			t.Errorf("%d messages without a position, want the whole window", n)
		}
		if body := b.get("/t/short-poll?channel=c&limit=2&after=e7k2-0").body(); strings.Count(body, "sent_us") != 2 {
			t.Errorf("limit=2 gave %s", body)
		}
		if c.hungUp() {
			t.Error("the connection was not kept")
		}
	})
}

func TestLongPollHolds(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		start := time.Now()
		c := b.get("/t/long-poll?channel=c")
		time.Sleep(25*time.Second - 1)
		if c.wire() != "" {
			t.Fatalf("answered after %v: %q", time.Since(start), c.wire())
		}
		time.Sleep(1)
		if _, body, complete := c.answer(); body != "[]" || !complete {
			t.Fatalf("body = %q after the hold", body)
		}
		// The connection goes on.
		c.send("GET /t/long-poll?channel=c&after=e7k2-0 HTTP/1.1\r\nHost: o\r\n\r\n")
		time.Sleep(time.Second)
		b.publish("c", "now")
		if !strings.HasSuffix(c.wire(), `"data":"now"}]`) {
			t.Errorf("wire = %q", c.wire())
		}
	})
}

func TestPollIsAnsweredWholeWhenLarge(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for range 12 {
			b.publish("c", strings.Repeat("x", 1<<20))
		}
		body := b.get("/t/short-poll?channel=c").body()
		n := strings.Count(body, "sent_us")
		if n != 8 || !strings.HasSuffix(body, "]") {
			t.Fatalf("%d messages in %d bytes", n, len(body))
		}
		if n := strings.Count(b.get("/t/short-poll?channel=c&after=e7k2-8").body(), "sent_us"); n != 4 {
			t.Errorf("%d messages behind it", n)
		}
	})
}

func TestPostBodyIsBounded(t *testing.T) {
	inBubble(t, Config{MaxMessageBytes: 10}, func(t *testing.T, b *bench) {
		c := b.open("POST /t/long-poll?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 11\r\n\r\nhello world")
		if !strings.HasPrefix(c.wire(), "HTTP/1.1 413 ") {
			t.Errorf("wire = %q", c.wire())
		}
		c = b.open("POST /t/long-poll?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 11\r\n\r\nhell")
		time.Sleep(bodyAllowed)
		if !strings.HasPrefix(c.wire(), "HTTP/1.1 400 ") {
			t.Errorf("a body that does not come: %q", c.wire())
		}
	})
}

// TestPollTakesAllThereIs: the bounds for slow readers are for streams.
func TestPollTakesAllThereIs(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, policy := range []SlowPolicy{SlowDisconnect, SlowDrop, SlowWait} {
		sub := &Subscription{Channel: string(policy), Params: DefaultParams(), hub: s.hub, class: Held}
		sub.Params.Slow = policy
		leave, err := s.hub.subscribe(sub)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 * queueMessages {
			if _, err := s.hub.Publish(sub.Channel, "text/plain", nil, 0); err != nil {
				t.Fatal(err)
			}
		}
		f, err := longPoll{}.Frame(nil, sub)
		if err != nil {
			t.Fatal(err)
		}
		if a := collect(sub, f); len(a.messages) != 2*queueMessages || a.gap != nil {
			t.Errorf("slow=%s: %d messages, gap %v", policy, len(a.messages), a.gap)
		}
		leave()
	}
}
