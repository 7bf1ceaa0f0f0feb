package proxies

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A client that asked with 1.1 is answered as by an old proxy: no chunks, and
// the end of the connection is the end of the body.
func TestHTTP10Answers(t *testing.T) {
	for spec, asked := range map[string]string{
		"fault:http10(client)":               "HTTP/1.1",
		"fault:http10(both)":                 "HTTP/1.0",
		"fault:http10(client)&latency(1ms)":  "HTTP/1.1",
		"fault:latency(1ms)&http10(both)":    "HTTP/1.0",
		"fault:http10(client,if=method:GET)": "HTTP/1.1",
	} {
		t.Run(spec, func(t *testing.T) {
			eachWay(t, []way{byReverse, byForward, byConnect}, spec, func(t *testing.T, p *road) {
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					p.note("asked with %s", r.Proto)
					script("abc", time.Second, "def")(w, r)
				})
				c, r, base := p.connect()
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
				raw, err := io.ReadAll(r) // as nothing else ends it
				c.Close()
				p.close(origin)
				p.expect("0s asked with " + asked)
				head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
				if err != nil || !strings.HasPrefix(head, "HTTP/1.0 200 OK\r\n") || strings.Contains(head, "chunked") || body != "abcdef" {
					t.Errorf("%v: %q", err, raw)
				}
			})
		})
	}
}

// With the close for an end only a reset shows a cut.
func TestHTTP10AnswersShowCuts(t *testing.T) {
	for _, w := range ways() {
		bubble(t, w, "fault:http10(client)", func(t *testing.T, p *road) {
			origin := p.serve(script("a", time.Second, abort))
			p.get()
			p.close(origin)
			p.expect("0s head 200", "0s a", "1s reset")
		})
	}
}

// HTTP/2 has no older version to answer in.
func TestHTTP10LeavesH2Clients(t *testing.T) {
	for _, w := range h2Ways() {
		bubble(t, w, "fault:http10(both)", func(t *testing.T, p *road) {
			origin := p.serve(script("a", time.Second, "b"))
			p.get()
			p.close(origin)
			p.expect("0s head 200", "0s a", "1s b", "1s end")
		})
	}
}
