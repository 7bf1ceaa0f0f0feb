package reference

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The head goes out at once, and nothing else before the hello.
func TestHelloIsLate(t *testing.T) {
	for _, tech := range overHTTP1() {
		if tech.Info().Class != Stream {
			continue
		}
		t.Run(tech.Name(), func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				c := b.get("/t/" + tech.Name() + "?channel=c&callback=f&hello=2s")
				time.Sleep(time.Second)
				b.publish("c", "meanwhile") // waits behind the hello
				if head, body, _ := strings.Cut(c.wire(), "\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.1 200") || body != "" {
					t.Errorf("after a second: %q", c.wire())
				}
				time.Sleep(time.Second)
				body := c.body()
				if hello, message := strings.Index(body, `"hello"`), strings.Index(body, "meanwhile"); hello < 0 || message < hello {
					t.Errorf("after two: %q", body)
				}
			})
		})
	}
}

func TestHelloOfWhatEndsMeanwhile(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		ended := b.get("/t/xhr-streaming?channel=c&hello=1h")
		b.hub.Terminate("c")
		if body := ended.body(); !strings.Contains(body, `"hello"`) || !strings.Contains(body, `"terminated"`) {
			t.Errorf("terminated meanwhile: %q", body)
		}
		left := b.get("/t/xhr-streaming?channel=d&hello=1h")
		left.leave()
		if got := b.kinds("d"); !slices.Equal(got, []string{"headers", "abort-noticed context: context canceled"}) {
			t.Errorf("left meanwhile: %q", got)
		}
	})
}
