package reference

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBreak: each stream ends in the middle of its second message, without an
// end notice and without the end of its framing.
func TestBreak(t *testing.T) {
	for _, tech := range overHTTP1() {
		if tech.Info().Class != Stream {
			continue
		}
		t.Run(tech.Name(), func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				c := b.get("/t/" + tech.Name() + "?channel=c&callback=f&length=2000&break=2")
				b.publish("c", "first", "second, of which half comes", "third")
				_, body, complete := c.answer()
				if complete || !c.hungUp() {
					t.Error("the answer ended as if it were whole")
				}
				if !strings.Contains(body, `"data":"first"`) || !strings.Contains(body, "e7k2-2") || strings.Contains(body, "comes") || strings.Contains(body, `"end"`) {
					t.Errorf("body = %q", body)
				}
				if got := b.kinds("c"); !slices.Contains(got, "end broken off") || slices.ContainsFunc(got, func(k string) bool { return strings.HasPrefix(k, "abort") }) {
					t.Errorf("record = %q", got)
				}
				// Who comes back behind the first gets the second whole.
				again := b.get("/t/" + tech.Name() + "?channel=c&callback=f&length=2000&after=e7k2-1")
				if !strings.Contains(again.body(), "of which half comes") {
					t.Errorf("resumed: %q", again.body())
				}
			})
		})
	}
}

func TestBreakOfASocketIsInsideAFrame(t *testing.T) {
	for _, size := range []int{10, 5_000, 70_000} { // each length of a frame's head
		inBubble(t, Config{}, func(t *testing.T, b *bench) {
			conn := b.socket("&break=1", true)
			go func() { _, _ = b.hub.Publish("c", "text/plain", []byte(strings.Repeat("x", size)), 0) }()
			texts, err := frames(conn)
			if len(texts) != 1 || err == nil || !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) {
				t.Errorf("%d bytes: %d frames, then %v", size, len(texts), err)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for _, tech := range overHTTP1() {
			for status, want := range map[string]string{"204": " 204 ", "502": " 502 "} {
				request := tech.Info().Methods[0] + " /t/" + tech.Name() + "?channel=c&callback=f&status=" + status +
					" HTTP/1.1\r\nHost: o\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n"
				if got := b.open(request).wire(); !strings.HasPrefix(got, "HTTP/1.1"+want) {
					t.Errorf("%s: %.40q", tech.Name(), got)
				}
			}
		}
		if got := b.kinds("c"); slices.ContainsFunc(got, func(k string) bool { return k != "error" }) {
			t.Errorf("record = %q", got)
		}
	})
}

func TestInterim(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/long-poll?channel=c&interim=2s&hold=0")
		old := b.open("GET /t/long-poll?channel=c&interim=2s&hold=0 HTTP/1.0\r\n\r\n")
		time.Sleep(5 * time.Second)
		if want := strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 2); c.wire() != want {
			t.Fatalf("after 5 s: %q", c.wire())
		}
		b.publish("c", "now")
		if !strings.Contains(c.wire(), "102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n") || !strings.HasSuffix(c.wire(), `"data":"now"}]`) {
			t.Errorf("wire = %q", c.wire())
		}
		if strings.Contains(old.wire(), "102") {
			t.Errorf("HTTP/1.0 got %q", old.wire())
		}
	})
}

// Over a pipe there is no TCP to set up, which is said before anything is
// promised.
func TestKeepAliveNeedsTCP(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		resp, body, _ := b.get("/t/eventsource?channel=c&keepalive=1s").answer()
		if resp.StatusCode != http.StatusNotImplemented || !strings.Contains(body, "TCP") {
			t.Errorf("%s %q", resp.Status, body)
		}
	})
}
