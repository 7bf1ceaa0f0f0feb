package reference

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSockJSWire compares whole answers of the hub's service with
// testdata/wire: a session opened behind an old position, a gap, messages of
// different kinds, a heartbeat, the end of the channel, and the close frame.
func TestSockJSWire(t *testing.T) {
	// Which messages share a frame is up to when the session's writer gets to
	// run beside who sends; on one processor it is always the same.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, tech := range ProtocolTechniques() {
		t.Run(tech.Name, func(t *testing.T) {
			inBubble(t, Config{Window: 3}, func(t *testing.T, b *bench) {
				checkGolden(t, tech.Name, b.sockjsExchange(tech))
			})
		})
	}
}

// sockjsExchange is one session as it goes over the wire; polls are answered
// one after another.
func (b *bench) sockjsExchange(tech ProtocolTechnique) string {
	const channel = "news"
	b.publish(channel, "left the window", "too")
	if _, err := b.hub.Publish(channel, "application/json", []byte(`{ "n": 1.0, "s": "\u00e9</script>" }`), 946684799000001); err != nil {
		b.t.Fatal(err)
	}
	b.publish(channel, "two\nlines \u2028 <!-- é")
	path := strings.NewReplacer("SERVER", "000", "SESSION", "s1", "NAME", "_jp.a1", "channel=C", "channel=news&after=e7k2-0&heartbeat=2s&hold=2s").Replace(tech.Path)
	request := tech.Methods[0] + " " + path + " HTTP/1.1\r\nHost: origin\r\n"
	switch {
	case tech.Class == Socket:
		request += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	case tech.Methods[0] == "POST":
		request += "Content-Length: 0\r\n"
	}
	request += "\r\n"
	c := b.open(request)
	ask := func(said string) string {
		before := len(c.wire())
		c.send(said)
		time.Sleep(3 * time.Second)
		return c.wire()[before:]
	}
	out := visible(request) + "\n--\n"
	time.Sleep(3 * time.Second)
	out += visible(c.wire())
	if tech.Class == Held {
		for range 2 {
			out += "\n--\n" + visible(ask(request))
		}
	}
	before := len(c.wire())
	if _, err := b.hub.Publish(channel, "application/octet-stream", []byte{0, 0xff, '\n'}, 0); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
	b.hub.Terminate(channel)
	if tech.Class == Held {
		return out + "\n--\n" + visible(ask(request)) + "\n--\n" + visible(ask(request))
	}
	time.Sleep(3 * time.Second)
	return out + visible(c.wire()[before:])
}

// TestSockJSRecord: what a session sends and notices is written down as of
// every other technique.
func TestSockJSRecord(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		const path = "/sockjs/hub/0/s/xhr_streaming?channel=c&heartbeat=2s"
		c := b.open("POST " + path + " HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n")
		b.publish("c", "one")
		time.Sleep(3 * time.Second)
		second := b.open("POST " + path + " HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n")
		c.leave()
		_ = second.wire()
		want := []string{"headers", "publish", "write", "heartbeat", "error", "abort-noticed context canceled"}
		if got := b.kinds("c"); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if n := b.hub.Subscribers("c"); n != 0 {
			t.Errorf("%d subscribers are left", n)
		}
	})
}

// TestSockJSOptions: the subscribe options are those of every technique, and
// what a SockJS client adds to the query is none of them.
func TestSockJSOptions(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for query, want := range map[string]int{
			"channel=c&t=1700000000000": 200, "channel=c&c=f&t=1": 200, "": 400, "channel=c&heartbeet=1s": 400, "channel=c&hold=soon": 400,
			"channel=over": 410,
		} {
			b.hub.Terminate("over")
			c := b.open("POST /sockjs/hub/0/s" + strings.Map(letters, query) + "/xhr?" + query + " HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n")
			if resp, body, _ := c.answer(); resp.StatusCode != want {
				t.Errorf("%s: %s %q, want %d", query, resp.Status, body, want)
			}
		}
	})
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r
	}
	return 'x'
}

// TestSockJSSlow: what a client does not take waits for it up to the bound of
// every subscription, and no further.
func TestSockJSSlow(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.dial()
		c.send("POST /sockjs/hub/0/s/xhr_streaming?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n")
		text := strings.Repeat("x", 8<<10)
		for range sockjsQueueBytes/len(text) + queueMessages + 2*sockjsQueue {
			b.publish("c", text)
		}
		if n := b.hub.Subscribers("c"); n != 0 {
			t.Errorf("a client that reads nothing is still subscribed")
		}
		if got := b.kinds("c"); !slices.Contains(got, "end slow") {
			t.Error("the record does not say that it was too slow")
		}
	})
}

// TestSockJSShutdown: a session is told why it ends.
func TestSockJSShutdown(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		hub := b.open("POST /sockjs/hub/0/s/xhr_streaming?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n")
		echo := b.open("POST /sockjs/echo/0/s/xhr_streaming HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n")
		if err := b.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]*client{"hub": hub, "echo": echo} {
			want := map[string]string{"hub": `reason\":\"shutdown\"`, "echo": `c[3000,"Go away!"]`}[name]
			if _, body, complete := c.answer(); !complete || !strings.Contains(body, want) {
				t.Errorf("%s: complete %v, no %s in %q", name, complete, want, body[max(0, len(body)-200):])
			}
		}
	})
}
