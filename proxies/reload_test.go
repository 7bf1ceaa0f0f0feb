package proxies

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// An HTTP/2 stream is reset; HTTP/1.1 is left alone.
func TestH2Reset(t *testing.T) {
	busy := script("a", 10*time.Second, "b", 10*time.Second, "c")
	for _, w := range allWays() {
		bubble(t, w, "fault:h2-reset(after=16s)", func(t *testing.T, p *road) {
			origin := p.serve(busy)
			p.get()
			p.close(origin)
			if w.over2() {
				p.expect("0s head 200", "0s a", "10s b", "16s cut")
			} else {
				p.expect("0s head 200", "0s a", "10s b", "20s c", "20s end")
			}
		})
	}
}

func TestReload(t *testing.T) {
	busy := script("a", 4*time.Second, "b", 4*time.Second, "c")
	for spec, want := range map[string][]string{
		"fault:reload(after=5s)":               {"0s head 200", "0s a", "4s b", "5s cut", "5s head 200", "5s a", "9s b", "13s c", "13s end"},
		"fault:reload(after=5s,grace=2s)":      {"0s head 200", "0s a", "4s b", "7s cut", "7s head 200", "7s a", "11s b", "15s c", "15s end"},
		"fault:reload(after=5s,grace=1m)":      {"0s head 200", "0s a", "4s b", "8s c", "8s end", "8s head 200", "8s a", "12s b", "16s c", "16s end"},
		"fault:reload(after=5s,end=clean)":     {"0s head 200", "0s a", "4s b", "5s end", "5s head 200", "5s a", "9s b", "13s c", "13s end"},
		"fault:reload(after=5s,if=method:PUT)": {"0s head 200", "0s a", "4s b", "8s c", "8s end", "8s head 200", "8s a", "12s b", "16s c", "16s end"},
	} {
		t.Run(spec, func(t *testing.T) {
			eachWay(t, allWays(), spec, func(t *testing.T, p *road) {
				origin := p.serve(busy)
				p.get()
				p.get()
				p.close(origin)
				p.expect(want...)
			})
		})
	}
}

func TestReloadIsScaled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRoad(t, byReverse, "fault:reload(after=60s,grace=240s)", 0.01)
		origin := p.serve(script("head", time.Hour))
		p.get()
		p.close(origin)
		p.expect("0s head 200", "3s cut")
	})
}

func TestKeepaliveOff(t *testing.T) {
	for spec, want := range map[string]Stats{
		"transparent":                 {Hits: 2, Accepted: 1, Upstream: 1},
		"fault:keepalive-off":         {Hits: 2, Accepted: 2, Upstream: 2},
		"fault:keepalive-off(client)": {Hits: 2, Accepted: 2, Upstream: 1},
		"fault:keepalive-off(origin)": {Hits: 2, Accepted: 1, Upstream: 2},
	} {
		t.Run(spec, func(t *testing.T) {
			eachWay(t, h2Ways(), spec, func(t *testing.T, p *road) {
				origin := p.serve(script("a"))
				client := p.client2()
				for range 2 {
					p.over2(client, p.request2(t.Context(), "GET", ""))
					synctest.Wait()
				}
				client.CloseIdleConnections()
				synctest.Wait()
				if got := p.hop.Stats(); got != want {
					t.Errorf("stats %+v, want %+v", got, want)
				}
				p.close(origin)
				p.expect("0s head 200", "0s a", "0s end", "0s head 200", "0s a", "0s end")
			})
			bubble(t, byReverse, spec, func(t *testing.T, p *road) {
				origin := p.serve(script("a"))
				c, r, _ := p.connect()
				for range 2 {
					fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
					if resp := p.read(r, "GET"); resp != nil && resp.Close {
						c.Close()
						c, r, _ = p.connect()
					}
					synctest.Wait()
				}
				c.Close()
				synctest.Wait()
				got := p.hop.Stats()
				if want.Accepted == 2 {
					got.Accepted-- // the one that was opened in vain
				}
				if got != want {
					t.Errorf("1.1: stats %+v, want %+v", got, want)
				}
				p.close(origin)
			})
		})
	}
}

// A websocket is no exchange that ends.
func TestKeepaliveOffLeavesUpgrades(t *testing.T) {
	everyWay(t, "fault:keepalive-off", func(t *testing.T, p *road) {
		origin := p.serve(switching(func(c net.Conn, rw *bufio.ReadWriter) {
			time.Sleep(time.Second)
			_, _ = io.WriteString(c, "still here")
		}))
		c, r := p.upgrade()
		p.drain(r)
		c.Close()
		p.close(origin)
		p.expect("0s 101", "1s still here", "1s cut")
	})
}

func TestPostRefused(t *testing.T) {
	eachWay(t, allWays(), "fault:post-refused(405)", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			p.note("origin saw %s", r.Method)
			_, _ = io.Copy(io.Discard, r.Body)
		})
		p.ask("POST", "HTTP/1.1", "xyz", "Content-Length: 3")
		p.get()
		p.close(origin)
		p.expect("0s head 405", "0s method not allowed here\n", "0s end", "0s origin saw GET", "0s head 200", "0s end")
	})
}
