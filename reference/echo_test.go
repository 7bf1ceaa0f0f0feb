package reference

import "testing"

// The answer hands back what the request brought, and the record names the
// fields that arrived. It has no cookie's value.
func TestEcho(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		const head = "Host: o\r\nCookie: a=secret\r\nAuthorization: Bearer s\r\nx-cometbench-probe: p-1\r\n"
		for _, request := range []string{
			"GET /t/eventsource?channel=c&echo=1 HTTP/1.1\r\n" + head + "\r\n",
			"GET /t/short-poll?channel=c&echo=1 HTTP/1.1\r\n" + head + "\r\n",
			"GET /t/websocket?channel=c&echo=1 HTTP/1.1\r\n" + head + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		} {
			resp, _, _ := b.open(request).answer()
			if got := resp.Header.Get("X-Cometbench-Echo"); got != "p-1" || resp.Header.Get("Set-Cookie") != "cometbench-echo=1; Path=/" {
				t.Errorf("%.40q: echo %q, cookie %q", request, got, resp.Header.Get("Set-Cookie"))
			}
		}
		events, _, _ := b.record.since("c", 0)
		for _, e := range events {
			want := "Authorization,Cookie,X-Cometbench-Probe"
			if e.Sub == 3 {
				want = "Authorization,Connection,Cookie,Sec-Websocket-Key,Sec-Websocket-Version,Upgrade,X-Cometbench-Probe"
			}
			if e.Kind == kindHeaders && e.Fields != want {
				t.Errorf("request %d: fields %s, want %s", e.Sub, e.Fields, want)
			}
		}
		plain, _, _ := b.open("GET /t/short-poll?channel=d HTTP/1.1\r\n" + head + "\r\n").answer()
		if events, _, _ := b.record.since("d", 0); plain.Header.Get("Set-Cookie") != "" || events[0].Fields != "" {
			t.Errorf("not asked for: %v, %+v", plain.Header, events[0])
		}
	})
}
