package proxies

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTransparentPassesEachWriteAtOnce(t *testing.T) {
	runTimed(t, []timed{
		{"each write", "transparent", nil, script("head", time.Second, "a", time.Second, "b", 250*ms, "c"),
			[]string{"0s head 200", "1s a", "2s b", "2.25s c", "2.25s end"}},
		{"truncation", "transparent", nil, script("head", time.Second, "a", time.Second, abort),
			[]string{"0s head 200", "1s a", "2s cut"}},
	})
}

func TestTransparentWithoutHead(t *testing.T) {
	eachWay(t, allWays(), "transparent", func(t *testing.T, p *road) {
		origin := p.serve(script(time.Second, abort))
		p.get()
		p.close(origin)
		got := p.lines()
		if len(got) != 3 || got[0] != "1s head 502" || got[2] != "1s end" {
			t.Errorf("seen %q, want a 502", got)
		}
	})
}

// A body of known length that is too short must not look whole either.
func TestTransparentShowsTruncationOfKnownLength(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10")
			script("abc", time.Second, abort)(w, r)
		})
		p.get()
		p.close(origin)
		p.expect("0s head 200", "0s abc", "1s cut")
	})
}

func TestTransparentHTTP10Client(t *testing.T) {
	for _, c := range []struct {
		name string
		last any
		want []string
	}{
		{"proper end", time.Second, []string{"0s head 200", "0s a", "1s b", "2s end"}},
		// A close would be the proper end, so that a cut has to be a reset.
		{"cut", abort, []string{"0s head 200", "0s a", "1s b", "1s reset"}},
	} {
		for _, w := range []way{byReverse, byForward} {
			t.Run(c.name+"/"+string(w), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newRoad(t, w, "transparent", 1)
					origin := p.serve(script("a", time.Second, "b", c.last))
					p.ask("GET", "HTTP/1.0", "")
					p.close(origin)
					p.expect(c.want...)
				})
			})
		}
	}
}

func TestTransparentAbortPropagates(t *testing.T) {
	for _, after := range []string{"before the head", "after the head"} {
		everyWay(t, "transparent", func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				if after == "after the head" {
					_ = http.NewResponseController(w).Flush()
				}
				<-r.Context().Done()
				p.note("origin told")
			})
			c, _, base := p.connect()
			fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
			time.Sleep(3 * time.Second)
			c.Close()
			p.close(origin)
			p.expect("3s origin told")
		})
	}
}

// What arrives at either end is what was sent, but for hop-by-hop headers.
func TestTransparentChangesNoHeader(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		var request http.Header
		var host string
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			request, host = r.Header.Clone(), r.Host
			w.Header()["Date"] = nil
			w.Header()["Content-Type"] = nil
			w.Header()["X-Twice"] = []string{"1", "2"}
			w.Header().Set("Set-Cookie", "a=b")
			_, _ = io.WriteString(w, "<html>")
		})
		c, r, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip, br\r\nAccept: text/event-stream\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nProxy-Connection: keep-alive\r\nLast-Event-ID: 7\r\n\r\n", base, originAddr)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		c.Close()
		p.close(origin)
		if got, want := names(request), "Accept Accept-Encoding Last-Event-Id"; got != want || host != originAddr {
			t.Errorf("the origin saw %s for %s, want %s for %s", got, host, want, originAddr)
		}
		if got, want := names(resp.Header), "Content-Length Set-Cookie X-Twice"; got != want {
			t.Errorf("the client saw %s, want %s", got, want)
		}
	})
}

func names(h http.Header) string { return strings.Join(slices.Sorted(maps.Keys(h)), " ") }

func TestTransparentKeepsTrailers(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			_, _ = io.WriteString(w, "body")
			_ = http.NewResponseController(w).Flush()
			w.Header().Set("X-Sum", "42")
		})
		c, r, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\nTE: trailers\r\nConnection: TE\r\n\r\n", base, originAddr)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if got := resp.Trailer.Get("X-Sum"); got != "42" {
			t.Errorf("trailer %q, want 42", got)
		}
		c.Close()
		p.close(origin)
	})
}

func TestTransparentUploadStreams(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) { p.body(r.Body) })
		c, r, base := p.connect()
		fmt.Fprintf(c, "POST %s/ HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n", base, originAddr)
		for _, chunk := range []string{"1\r\na\r\n", "1\r\nb\r\n", "0\r\n\r\n"} {
			time.Sleep(time.Second)
			_, _ = io.WriteString(c, chunk)
		}
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		c.Close()
		p.close(origin)
		p.expect("1s a", "2s b", "3s end")
	})
}

func TestTransparentUpgrade(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		origin := p.serve(switching(func(c net.Conn, rw *bufio.ReadWriter) {
			_, _ = io.WriteString(c, "hello")
			p.drainAs("origin: ", rw)
			time.Sleep(time.Second)
			_, _ = io.WriteString(c, "bye")
		}))
		c, r := p.upgrade()
		time.Sleep(time.Second)
		_, _ = io.WriteString(c, "ping")
		time.Sleep(time.Second)
		closeWrite(c)
		p.drain(r)
		c.Close()
		p.close(origin)
		// The client's half closes at 2 s; the other goes on to 3 s.
		p.expectSorted("0s 101", "1s origin: ping", "2s origin: cut", "2s hello", "3s bye", "3s cut")
	})
}

func TestTransparentPoolsAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRoad(t, byReverse, "transparent", 1)
		origin := p.serve(script("a"))
		c, r, _ := p.connect()
		for range 3 {
			fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			p.read(r, "GET")
			synctest.Wait()
		}
		if got, want := p.hop.Stats(), (Stats{Hits: 3, Accepted: 1, Upstream: 1, OpenClients: 1}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
		c.Close()
		synctest.Wait()
		if n := p.hop.Stats().OpenClients; n != 0 {
			t.Errorf("%d clients open after the last one left", n)
		}
		p.close(origin)
	})
}

// A hop that is closed ends what is under way.
func TestCloseEndsExchanges(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		origin := p.serve(script("a", time.Hour))
		time.AfterFunc(time.Second, func() { p.hop.Close() })
		p.get()
		p.close(origin)
		p.expect("0s head 200", "0s a", "1s cut")
	})
}
