package proxies

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Pings as far apart as the limit are a matter of chance, closer ones are not.
func drivePingsAtTheLimit(t *testing.T, mode FailureMode) {
	for _, gap := range []time.Duration{60 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p := newRoads(t, byReverse, mode.Spec)
			origin := p.serve(script("hello", gap, "ping", gap, "ping", gap/2))
			const streams = 40
			for range streams {
				go p.askPlain("GET")
			}
			time.Sleep(10 * time.Minute)
			p.close(origin)
			cut := 0
			for _, line := range p.lines() {
				if strings.HasSuffix(line, " cut") {
					cut++
				}
			}
			if atLimit := gap == time.Minute; atLimit != (cut > 0) || cut == streams {
				t.Errorf("pings each %v: %d of %d streams cut", gap, cut, streams)
			}
		})
	}
}

// A client's pings of HTTP/2 reach the hop and do not count there.
func drivePingsThatDoNotCount(t *testing.T, mode FailureMode) {
	bubble(t, byH2C, mode.Spec, func(t *testing.T, p *road) {
		origin := p.serve(script("a", time.Hour))
		var writes, opened atomic.Int64
		client := p.client2()
		client.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second}
		client.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			c, err := p.net.dial(ctx, network, "hop")
			return &observedConn{Conn: c, written: func() { writes.Add(1) }, read: func() {}}, err
		}
		time.AfterFunc(time.Second, func() { opened.Store(writes.Load()) })
		p.over2(client, p.request2(t.Context(), "GET", ""))
		if sent := writes.Load() - opened.Load(); sent < 3 {
			t.Errorf("%d pings in a minute", sent)
		}
		client.CloseIdleConnections()
		p.close(origin)
		p.expect("0s head 200", "0s a", "1m0s cut")
	})
}

func driveMute(t *testing.T, mode FailureMode) {
	bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
		origin := p.serve(script("a", time.Second, "b", time.Second, "c"))
		c, r, _ := p.connect()
		fmt.Fprintf(c, "GET /x HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr)
		time.AfterFunc(time.Hour, func() { p.note("client leaves"); c.Close() })
		if resp, err := http.ReadResponse(r, nil); err == nil {
			p.note("head %d", resp.StatusCode)
			_, _ = io.Copy(io.Discard, resp.Body)
		}
		p.close(origin)
		p.expect("0s head 200", "1h0m0s client leaves")
	})
}

// Through the gateway HTTP/2 is reset and HTTP/1.1 is not.
func driveInspectedReset(t *testing.T, mode FailureMode) {
	for version, want := range map[string][]string{
		"2":   {"0s head 200", "0s a", "10s b", "16s cut"},
		"1.1": {"0s head 200", "0s a", "10s b", "20s c", "20s end"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, origin := secureRoad(t, mode.Spec, script("a", 10*time.Second, "b", 10*time.Second, "c"))
			client, _ := p.inspected(version)
			resp, err := client.RoundTrip(p.to("https://" + originAddr + "/"))
			if err != nil {
				t.Fatal(err)
			}
			p.note("head %d", resp.StatusCode)
			p.body(resp.Body)
			resp.Body.Close()
			client.CloseIdleConnections()
			p.close(origin)
			p.expect(want...)
		})
	}
}

func (p *road) to(address string) *http.Request {
	return &http.Request{Method: "GET", URL: mustURL(address), Header: http.Header{}}
}

// A session is known to the server that began it, and to no other.
func driveSessions(t *testing.T, mode FailureMode) {
	synctest.Test(t, func(t *testing.T) {
		p := newRoadIn(t, byReverse, mode.Spec, Env{Others: []*url.URL{mustURL("http://" + otherAddr)}})
		server := func(name string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				switch id := r.Header.Get("X-Session"); id {
				case "":
					w.Header().Set("X-Session", name)
				case name:
				default:
					http.Error(w, "session unknown", http.StatusBadRequest)
				}
			}
		}
		origins := []*http.Server{p.serveAt(originAddr, server("A")), p.serveAt(otherAddr, server("B"))}
		id := ""
		for range 4 {
			c, r, _ := p.connect()
			fmt.Fprintf(c, "GET /poll HTTP/1.1\r\nHost: %s\r\nX-Session: %s\r\n\r\n", originAddr, id)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if id == "" {
				id = resp.Header.Get("X-Session")
			}
			p.note("%d", resp.StatusCode)
			c.Close()
		}
		p.close(origins...)
		p.expect("0s 200", "0s 400", "0s 200", "0s 400")
	})
}

// Two streams that began before the reload end together, one that began after
// it lives on.
func driveReload(at time.Duration, end string) func(*testing.T, FailureMode) {
	return func(t *testing.T, mode FailureMode) {
		bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				for time.Since(p.start) < time.Hour && r.Context().Err() == nil {
					script("ping", 20*time.Second)(w, r)
				}
			})
			for _, began := range []time.Duration{0, 5 * time.Second, 2 * time.Minute} {
				go func() {
					time.Sleep(began)
					c, r, _ := p.connect()
					defer c.Close()
					fmt.Fprintf(c, "GET /x HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr)
					resp, err := http.ReadResponse(r, nil)
					if err == nil {
						_, err = io.Copy(io.Discard, resp.Body)
					}
					p.note("of %v: %s", began, ending(orEnd(err)))
				}()
			}
			time.Sleep(2 * time.Hour)
			p.close(origin)
			p.expectSorted(fmt.Sprintf("%v of 0s: %s", at, end), fmt.Sprintf("%v of 5s: %s", at, end), "1h0m0s of 2m0s: end")
		})
	}
}

func orEnd(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// So many streams are served at once; one more gets the status, or waits until
// a place is free.
func driveCrowd(places int, status string) func(*testing.T, FailureMode) {
	return func(t *testing.T, mode FailureMode) {
		bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
			origin := p.serve(script("head", time.Hour))
			var served atomic.Int64
			open := func(then func(status int)) net.Conn {
				c, r, _ := p.connect()
				fmt.Fprintf(c, "GET /x HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr)
				go func() {
					if resp, err := http.ReadResponse(r, nil); err == nil {
						then(resp.StatusCode)
					}
				}()
				return c
			}
			conns := make([]net.Conn, places)
			for i := range conns {
				conns[i] = open(func(int) { served.Add(1) })
			}
			synctest.Wait()
			if n := served.Load(); n != int64(places) {
				t.Errorf("%d of %d served", n, places)
			}
			last := open(func(status int) { p.note("%d", status) })
			time.Sleep(time.Minute)
			conns[0].Close()
			synctest.Wait()
			if want := "1m0s 200"; status == "" {
				p.expect(want)
			} else {
				p.expect("0s " + status)
			}
			for _, c := range append(conns[1:], last) {
				c.Close()
			}
			p.close(origin)
		})
	}
}

// The second client gets what the first one got, all at once, and the origin
// hears of it only where it forbids to keep it.
func driveRecording(t *testing.T, mode FailureMode) {
	for control, want := range map[string][]string{
		"":         {"0s asked", "0s head 200", "0s a", "1s b", "2s end", "2s head 200", "2s ab", "2s end"},
		"no-store": {"0s asked", "0s head 200", "0s a", "1s b", "2s end", "2s asked", "2s head 200", "2s a", "3s b", "4s end"},
	} {
		bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				p.note("asked")
				w.Header().Set("Cache-Control", control)
				script("a", time.Second, "b", time.Second)(w, r)
			})
			p.get()
			p.get()
			p.close(origin)
			p.expect(want...)
		})
	}
}

func driveReconnect(t *testing.T, mode FailureMode) {
	bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			script(fmt.Sprintf("after %q", r.Header.Get("Last-Event-ID")))(w, r)
		})
		p.get("Last-Event-ID: 7")
		p.close(origin)
		p.expect("0s head 200", `0s after ""`, "0s end")
	})
}

// The same answer passes when it says so once.
func driveTwoEncodings(t *testing.T, mode FailureMode) {
	for times, want := range map[int]string{1: "0s head 200", 2: "0s head 502"} {
		bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
			l := p.net.listen(originAddr)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = http.ReadRequest(bufio.NewReader(c))
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("Transfer-Encoding: chunked\r\n", times)+"\r\n1\r\na\r\n0\r\n\r\n")
				c.Close()
			}()
			p.get()
			l.Close()
			p.close()
			if got := p.lines()[0]; got != want {
				t.Errorf("Transfer-Encoding %d times: %s, want %s", times, got, want)
			}
		})
	}
}

// 500 KB wait for 252 KB more; from then on everything passes.
func driveHeldKilobytes(t *testing.T, mode FailureMode) {
	bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
		origin := p.serve(script("head", time.Second, strings.Repeat("x", 500<<10), time.Second, strings.Repeat("x", 252<<10), time.Second, "y"))
		c, r, _ := p.connect()
		fmt.Fprintf(c, "GET /x HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.note("head %d", resp.StatusCode)
		n, err := io.CopyN(io.Discard, resp.Body, 752<<10)
		p.note("%d bytes, %s", n, ending(orEnd(err)))
		p.body(resp.Body)
		c.Close()
		p.close(origin)
		p.expect("2s head 200", "2s 770048 bytes, end", "3s y", "3s end")
	})
}
