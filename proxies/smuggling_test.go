package proxies

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// What a reader in front of the hop may take for one request must not be two
// behind it, and the hop answers nothing in the origin's place.
func TestWhatReachesTheOrigin(t *testing.T) {
	const host = "Host: 127.0.0.1:8080\r\n"
	const second = "GET /second HTTP/1.1\r\n" + host + "\r\n"
	for _, c := range []struct {
		name, raw, want string
	}{
		{"two requests", "GET /a HTTP/1.1\r\n" + host + "\r\n" + second, "GET /a HTTP/1.1, GET /second HTTP/1.1"},
		{"length and chunks", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second, "POST /a HTTP/1.1"},
		{"chunks in HTTP/1.0", "POST /a HTTP/1.0\r\n" + host + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + second, "POST /a HTTP/1.1"},
		{"two lengths", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc" + second, ""},
		{"two codings", "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + second, ""},
		{"a negative length", "POST /a HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n" + second, ""},
		{"NUL in a value", "GET /a HTTP/1.1\r\n" + host + "X: a\x00b\r\n\r\n" + second, ""},
		{"a chunk that ends too late", "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n" + second, ""},
		{"a body cut short", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 500\r\n\r\n" + second, ""},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", "OPTIONS * HTTP/1.1"},
		{"CONNECT to a reverse proxy", "CONNECT 127.0.0.1:8080 HTTP/1.1\r\n" + host + "\r\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFuzzedHop(t, 0)
				stop := p.serveStrictly(func(c net.Conn, m *strictMessage) {
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				})
				conn, r, _ := p.connect()
				p.say(conn, r, []byte(c.raw))
				var got []string
				for _, m := range stop() {
					got = append(got, m.start)
				}
				if s := strings.Join(got, ", "); s != c.want {
					t.Errorf("the origin was asked %q, want %q", s, c.want)
				}
				if err := p.hop.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
