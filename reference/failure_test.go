package reference

import (
	"strings"
	"testing"
)

func TestFailsAsAsked(t *testing.T) {
	for _, tech := range overHTTP1() {
		request := tech.Info().Methods[0] + " /t/" + tech.Name() + "?channel=c&callback=f&fail=HOW HTTP/1.1\r\nHost: o\r\n"
		switch {
		case tech.Info().Class == Socket:
			request += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		case tech.Info().Methods[0] == "POST":
			request += "Content-Length: 0\r\n"
		}
		t.Run(tech.Name(), func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				for how, want := range map[string]string{"403": "HTTP/1.1 403 Forbidden", "502": "HTTP/1.1 502 Bad Gateway", "close": ""} {
					c := b.open(strings.Replace(request, "HOW", how, 1) + "\r\n")
					got := c.wire()
					if !strings.HasPrefix(got, want) || (want == "") != (got == "") || how == "close" && !c.hungUp() {
						t.Errorf("%s: %.80q", how, got)
					}
					if how == "502" && !strings.Contains(got, "text/html") {
						t.Errorf("%s: %q", how, got)
					}
				}
				c := b.open(strings.Replace(request, "HOW", "cut", 1) + "\r\n")
				b.publish("c", "the first", "the second")
				if got := c.wire(); strings.Contains(got, "the second") || strings.HasSuffix(got, "0\r\n\r\n") || strings.Contains(got, `"end"`) || !c.hungUp() {
					t.Errorf("cut: %q", got)
				}
				if got := b.kinds("c"); !strings.Contains(strings.Join(got, ";"), "end cut") {
					t.Errorf("cut: record %q", got)
				}
			})
		})
	}
}
