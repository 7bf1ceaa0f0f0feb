package proxies

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// What the origin breaks off looks whole, or comes late, or never.
func TestBrokenOff(t *testing.T) {
	for spec, want := range map[string][]string{
		"transparent":                      {"0s head 200", "0s a", "1s cut"},
		"fault:broken-off":                 {"0s head 200", "0s a", "1s end"},
		"fault:broken-off(fin,after=5s)":   {"0s head 200", "0s a", "6s cut"},
		"fault:broken-off(clean,after=5s)": {"0s head 200", "0s a", "6s end"},
		"fault:broken-off(page)":           {"0s head 200", "0s a", fmt.Sprintf("1s %s", piece([]byte(brokenPage))), "1s end"},
		// Held is what the origin took for sent.
		"fault:broken-off&buffer(until=close)": {"1s head 200", "1s a", "1s end"},
		// A limit of the path's own is no breaking off.
		"fault:broken-off&idle(after=500ms)": {"0s head 200", "0s a", "500ms cut"},
		"fault:broken-off(if=method:POST)":   {"0s head 200", "0s a", "1s cut"},
	} {
		t.Run(spec, func(t *testing.T) {
			bubble(t, byReverse, spec, func(t *testing.T, p *road) {
				origin := p.serve(script("a", time.Second, abort))
				p.get()
				p.close(origin)
				p.expect(want...)
			})
		})
	}
}

// A client that leaves while it waits to be told, and a hop that is closed, are
// not waited for.
func TestBrokenOffLeavesNobodyWaiting(t *testing.T) {
	for _, spec := range []string{"fault:broken-off(silence)", "fault:broken-off(fin,after=10h)"} {
		for _, by := range []string{"client", "hop"} {
			t.Run(spec+" "+by, func(t *testing.T) {
				bubble(t, byReverse, spec, func(t *testing.T, p *road) {
					origin := p.serve(script("a", abort))
					c, r, base := p.connect()
					fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
					time.AfterFunc(time.Minute, func() {
						if by == "client" {
							c.Close()
							return
						}
						p.hop.Close()
					})
					p.drain(r)
					if since := time.Since(p.start); since != time.Minute {
						t.Errorf("heard for %v", since)
					}
					c.Close()
					p.close(origin)
				})
			})
		}
	}
}

// Of a websocket whole frames pass, and its end becomes a close frame, unless
// there was one.
func TestBrokenOffWebsocket(t *testing.T) {
	for said, want := range map[string]string{
		"\x81\x01a\x81\x05b":         "\x81\x01a\x88\x00",
		"\x81\x01a\x88\x02\x03\xe8":  "\x81\x01a\x88\x02\x03\xe8",
		"\x82\x01\x08\x82\x01\x88":   "\x82\x01\x08\x82\x01\x88\x88\x00",
		"":                           "\x88\x00",
		"\x81":                       "\x88\x00",
		"\x81\x01a\x89\x00\x81\x01c": "\x81\x01a\x89\x00\x81\x01c\x88\x00",
	} {
		t.Run(fmt.Sprintf("%q", said), func(t *testing.T) {
			bubble(t, byReverse, "fault:broken-off", func(t *testing.T, p *road) {
				origin := p.serve(switching(func(c net.Conn, _ *bufio.ReadWriter) { _, _ = io.WriteString(c, said) }))
				c, r := p.upgrade()
				heard, _ := io.ReadAll(r)
				c.Close()
				p.close(origin)
				if string(heard) != want {
					t.Errorf("heard %q, want %q", heard, want)
				}
			})
		})
	}
}

// After the head, or never, is when an origin may hear that its client left.
func TestAbortIgnoredUntil(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:abort-ignored":       {"11s write", "11s told"},
		"fault:abort-ignored(head)": {"10s told"},
		"fault:abort-ignored(end)":  {"11s write", "20s done"},
	} {
		t.Run(spec, func(t *testing.T) {
			bubble(t, byReverse, spec, func(t *testing.T, p *road) {
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					script(10*time.Second, "head", time.Second)(w, r)
					if r.Context().Err() == nil {
						p.note("write")
						script("a", 9*time.Second)(w, r)
					}
					if r.Context().Err() != nil {
						p.note("told")
						return
					}
					p.note("done")
				})
				c, _, base := p.connect()
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
				time.Sleep(2 * time.Second)
				c.Close()
				time.Sleep(time.Minute)
				p.close(origin)
				p.expect(want...)
			})
		})
	}
}

// What is inside a CONNECT that is not looked at meets no fault of HTTP, only
// those of tunnels; and TLS alone passes where it is asked for.
func TestConnectBlind(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:connect&upgrade(mode=strip)":        {"0s 400"},
		"fault:connect(blind)&upgrade(mode=strip)": {"0s 101", "0s hello", "0s cut"},
	} {
		t.Run(spec, func(t *testing.T) {
			bubble(t, byConnect, spec, func(t *testing.T, p *road) {
				origin := p.serve(switching(func(c net.Conn, _ *bufio.ReadWriter) { _, _ = io.WriteString(c, "hello") }))
				c, r := p.upgrade()
				if len(want) > 1 {
					p.drain(r)
				}
				c.Close()
				p.close(origin)
				p.expect(want...)
			})
		})
	}
}
