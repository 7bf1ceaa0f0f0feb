package reference

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStreamHeartbeatsWhenSilent(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/xhr-streaming?channel=c&heartbeat=10s&recycle_after=0")
		time.Sleep(9 * time.Second)
		if n := strings.Count(c.body(), "heartbeat"); n != 0 {
			t.Fatalf("%d heartbeats after 9 s", n)
		}
		b.publish("c", "puts it off")
		time.Sleep(9 * time.Second)
		if n := strings.Count(c.body(), "heartbeat"); n != 0 {
			t.Fatalf("%d heartbeats 9 s behind a message", n)
		}
		time.Sleep(time.Second)
		if n := strings.Count(c.body(), "heartbeat"); n != 1 {
			t.Fatalf("%d heartbeats 10 s behind a message", n)
		}
		time.Sleep(30 * time.Second)
		if n := strings.Count(c.body(), "heartbeat"); n != 4 {
			t.Fatalf("%d heartbeats 40 s behind a message", n)
		}
	})
}

func TestStreamRecyclesByTime(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/xhr-streaming?channel=c&retry=3s")
		time.Sleep(time.Minute - 1)
		if _, _, complete := c.answer(); complete {
			t.Fatal("ended early")
		}
		time.Sleep(1)
		_, body, complete := c.answer()
		if !complete || !strings.HasSuffix(body, `{"control":"end","reason":"recycle-time","retry_ms":3000}`+"\n") {
			t.Fatalf("complete = %v, body = %q", complete, body)
		}
		time.Sleep(100 * time.Second) // no deadline of the stream is left on the connection
		c.send("GET /healthz HTTP/1.1\r\nHost: o\r\n\r\n")
		if !strings.HasSuffix(c.wire(), "ok\n") {
			t.Error("the connection does not serve another request")
		}
	})
}

// TestStreamRecyclesByBytes counts to the byte: prelude excepted, hello and
// heartbeats included, the message that crosses is finished, nothing but the
// end notice follows it.
func TestStreamRecyclesByBytes(t *testing.T) {
	for _, tech := range singles() {
		if tech.Info().Class != Stream || tech.Name() == "content-length-stream" || tech.Name() == "early-close" {
			continue
		}
		t.Run(tech.Name(), func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				const channel, prelude = "c", 512
				measured := b.get(fmt.Sprintf("/t/%s?channel=c&callback=f&prelude=%d&recycle_bytes=0", tech.Name(), prelude))
				hello := len(measured.body()) - prelude
				b.publish(channel, "first")
				frame := len(measured.body()) - prelude - hello
				b.publish(channel, "other") // frames of the same length
				measured.leave()

				// Two messages stay one byte below, so the third crosses; with one
				// byte less, the second does.
				for less, want := range []int{3, 2} {
					limit := hello + 2*frame + 1 - less
					c := b.get(fmt.Sprintf("/t/%s?channel=c&callback=f&prelude=%d&recycle_bytes=%d", tech.Name(), prelude, limit))
					b.publish(channel, "third", "forth", "fifth")
					_, body, complete := c.answer()
					got := strings.Count(body, `"sent_us"`)
					if !complete || got != want || !strings.Contains(body, ReasonRecycleBytes) {
						t.Errorf("limit %d: %d messages, want %d, complete %v, body:\n%s", limit, got, want, complete, body[prelude:])
					}
				}
			})
		})
	}
}

func TestStreamLimit(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/eventsource?channel=c&limit=2")
		b.publish("c", "a", "b", "c")
		_, body, complete := c.answer()
		if n := strings.Count(body, "sent_us"); n != 2 || !complete || !strings.Contains(body, `"reason":"limit"`) {
			t.Errorf("%d messages, complete %v: %s", n, complete, body)
		}
	})
}

func TestEarlyClose(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/early-close?channel=c&close_after=2s")
		time.Sleep(20 * time.Second)
		b.publish("c", "a")
		time.Sleep(2*time.Second - 1)
		b.publish("c", "b")
		if _, _, complete := c.answer(); complete {
			t.Fatal("ended early")
		}
		time.Sleep(1)
		_, body, complete := c.answer()
		if !complete || strings.Count(body, "sent_us") != 2 || !strings.Contains(body, `"reason":"early-close"`) {
			t.Errorf("complete = %v, body = %q", complete, body)
		}
	})
}

func TestStreamStartsLive(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		b.publish("c", "old")
		c := b.get("/t/xhr-streaming?channel=c")
		if body := c.body(); strings.Contains(body, "old") || !strings.Contains(body, `"last":"e7k2-1"`) {
			t.Errorf("body = %q", body)
		}
		b.publish("c", "new")
		if body := c.body(); !strings.Contains(body, `"new"`) {
			t.Errorf("body = %q", body)
		}
	})
}

func TestHTTP10EndsByClose(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.open("GET /t/xhr-streaming?channel=c&limit=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
		b.publish("c", "a")
		head, body, _ := strings.Cut(c.wire(), "\r\n\r\n")
		if strings.Contains(head, "chunked") || !strings.Contains(head, "200 OK") {
			t.Errorf("head = %q", head)
		}
		if !strings.HasPrefix(body, `{"control":"hello"`) || !strings.HasSuffix(body, "}\n") || !c.hungUp() {
			t.Errorf("body = %q, closed %v", body, c.hungUp())
		}
		if e, _, _ := b.record.since("c", 0); e[0].HTTP != "1.0" {
			t.Errorf("recorded as %q", e[0].HTTP)
		}
	})
}

func TestFlushOff(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/xhr-streaming?channel=c&flush=0&heartbeat=10s")
		b.publish("c", "a", "b")
		if body := c.body(); strings.Contains(body, "sent_us") || !strings.Contains(body, "hello") {
			t.Fatalf("messages were flushed: %q", body)
		}
		time.Sleep(10 * time.Second)
		if body := c.body(); strings.Count(body, "sent_us") != 2 {
			t.Fatalf("the heartbeat did not flush: %q", body)
		}
	})
}

func TestCompress(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		ask := "GET /t/eventsource?channel=c&compress=gzip HTTP/1.1\r\nHost: origin\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n"
		c := b.open(ask)
		b.publish("c", "squeezed")
		resp, body, _ := c.answer()
		if resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("header = %v", resp.Header)
		}
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(z)
		if err != io.ErrUnexpectedEOF || !strings.Contains(string(plain), `"squeezed"`) {
			t.Errorf("a message did not come through while the stream is open: %q, %v", plain, err)
		}
		refused := b.open(strings.Replace(ask, "0.5", "0", 1))
		if resp, _, _ := refused.answer(); resp.Header.Get("Content-Encoding") != "" {
			t.Error("compressed although the client refuses it")
		}
	})
}

func TestAbortNoticed(t *testing.T) {
	for name, ask := range map[string]string{
		"silent stream": "GET /t/xhr-streaming?channel=c HTTP/1.1\r\nHost: o\r\n\r\n",
		"held poll":     "GET /t/long-poll?channel=c HTTP/1.1\r\nHost: o\r\n\r\n",
		"held post":     "POST /t/long-poll?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 3\r\n\r\nabc",
		"chunked post":  "POST /t/eventsource?channel=c HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				c := b.open(ask)
				if n := b.hub.Subscribers("c"); n != 1 {
					t.Fatalf("%d subscribers", n)
				}
				time.Sleep(time.Second)
				c.leave()
				if n := b.hub.Subscribers("c"); n != 0 {
					t.Errorf("%d subscribers after it left", n)
				}
				if got := b.kinds("c"); !slices.Contains(got, "abort-noticed context: context canceled") {
					t.Errorf("record = %q", got)
				}
			})
		})
	}
}

func TestContentLengthStream(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/content-length-stream?channel=c&length=2000&prelude=100&recycle_bytes=10")
		for n := range 40 {
			b.publish("c", fmt.Sprintf("message %02d", n))
		}
		resp, body, complete := c.answer()
		if resp.ContentLength != 2000 || !complete || len(body) != 2000 {
			t.Fatalf("declared %d, complete %v, %d bytes", resp.ContentLength, complete, len(body))
		}
		lines := strings.Split(strings.TrimRight(body, " "), "\n")
		if last := lines[len(lines)-2]; last != `{"control":"end","reason":"recycle-bytes","retry_ms":1000}` {
			t.Errorf("last line = %q", last)
		}
		sent := strings.Count(body, "sent_us")
		again := b.get(fmt.Sprintf("/t/content-length-stream?channel=c&length=2000&after=e7k2-%d", sent))
		if body := again.body(); !strings.Contains(body, fmt.Sprintf(`"message %02d"`, sent)) {
			t.Errorf("the message that did not fit did not wait: %q", body)
		}
	})
}

func TestContentLengthStreamLeavesOutWhatNeverFits(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/content-length-stream?channel=c&length=1024")
		b.publish("c", strings.Repeat("x", 2000), "short")
		body := c.body()
		if !strings.Contains(body, `{"control":"gap","missed":1,"next":"e7k2-2"}`) || !strings.Contains(body, `"short"`) {
			t.Errorf("body = %q", body)
		}
	})
}

func TestContentLengthStreamEndsShortOnShutdown(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.get("/t/content-length-stream?channel=c")
		if err := b.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		resp, body, complete := c.answer()
		if resp.ContentLength != 50_000_000 || complete || !strings.Contains(body, `"reason":"shutdown"`) || !c.hungUp() {
			t.Errorf("length %d, complete %v, closed %v, body %q", resp.ContentLength, complete, c.hungUp(), body)
		}
	})
}

func TestMethods(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for _, tech := range All() {
			for _, method := range []string{"GET", "POST", "HEAD", "PUT", "DELETE"} {
				if slices.Contains(tech.Info().Methods, method) {
					continue
				}
				c := b.open(method + " /t/" + tech.Name() + "?channel=c HTTP/1.1\r\nHost: o\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				if !strings.HasPrefix(c.wire(), "HTTP/1.1 405 ") {
					t.Errorf("%s %s: %.60q", method, tech.Name(), c.wire())
				}
				for _, allowed := range tech.Info().Methods {
					if !strings.Contains(c.wire(), "Allow: "+allowed) {
						t.Errorf("%s %s does not allow %s: %q", method, tech.Name(), allowed, c.wire())
					}
				}
			}
		}
	})
}

func TestHeadOptions(t *testing.T) {
	for query, want := range map[string]http.Header{
		"":                                      {"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}, "Cache-Control": {"no-store"}},
		"&charset=none&nosniff=0":               {"Content-Type": {"text/plain"}, "X-Content-Type-Options": nil},
		"&type=text/html":                       {"Content-Type": {"text/html; charset=utf-8"}},
		"&type=text/html&charset=none":          {"Content-Type": {"text/html"}},
		"&type=" + "text/html%3Bcharset=latin1": {"Content-Type": {"text/html;charset=latin1"}},
		"&no_transform=1&accel=no":              {"Cache-Control": {"no-store, no-transform"}, "X-Accel-Buffering": {"no"}},
	} {
		inBubble(t, Config{}, func(t *testing.T, b *bench) {
			resp, _, _ := b.get("/t/xhr-streaming?channel=c" + query).answer()
			for k, v := range want {
				if got := resp.Header[k]; !slices.Equal(got, v) {
					t.Errorf("%q: %s = %q, want %q", query, k, got, v)
				}
			}
		})
	}
}
