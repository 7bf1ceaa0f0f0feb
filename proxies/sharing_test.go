package proxies

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// numbered is an origin that says which asking it answers.
func numbered(p *road, header string, rest ...any) http.HandlerFunc {
	var asked atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		p.note("asked %d", n)
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		script(append([]any{fmt.Sprint(n)}, rest...)...)(w, r)
	}
}

func TestCache(t *testing.T) {
	for _, c := range []struct {
		name, spec, header string
		want               []string
	}{
		{"a recording", "fault:cache(ttl=10s)", "",
			[]string{"0s asked 1", "0s head 200", "0s 1", "1s b", "1s end",
				"6s head 200", "6s 1b", "6s end",
				"11s asked 2", "11s head 200", "11s 2", "12s b", "12s end"}},
		{"no-store obeyed", "fault:cache(ttl=10s)", "Cache-Control: public, no-store",
			[]string{"0s asked 1", "0s head 200", "0s 1", "1s b", "1s end",
				"6s asked 2", "6s head 200", "6s 2", "7s b", "7s end",
				"12s asked 3", "12s head 200", "12s 3", "13s b", "13s end"}},
		{"no-store ignored", "fault:cache(ttl=10s,cache-control=ignore)", "Cache-Control: no-store",
			[]string{"0s asked 1", "0s head 200", "0s 1", "1s b", "1s end",
				"6s head 200", "6s 1b", "6s end",
				"11s asked 2", "11s head 200", "11s 2", "12s b", "12s end"}},
		{"too large to keep", "fault:cache(ttl=10s,max=1k)", "",
			[]string{"0s asked 1", "0s head 200", "0s 1", "1s b", "1s end",
				"6s asked 2", "6s head 200", "6s 2", "7s b", "7s end",
				"12s asked 3", "12s head 200", "12s 3", "13s b", "13s end"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, allWays(), c.spec, func(t *testing.T, p *road) {
				origin := p.serve(numbered(p, c.header, time.Second, "b"))
				for range 3 {
					p.get()
					time.Sleep(5 * time.Second)
				}
				p.close(origin)
				p.expect(c.want...)
			})
		})
	}
}

// Only whole answers to plain GETs are kept.
func TestCacheKeepsOut(t *testing.T) {
	everyWay(t, "fault:cache", func(t *testing.T, p *road) {
		var n atomic.Int64
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			if r.Header.Get("X-Missing") != "" {
				w.WriteHeader(http.StatusNotFound)
			}
			if r.Header.Get("X-Cut") != "" {
				script("a", abort)(w, r)
			}
		})
		p.ask("POST", "HTTP/1.1", "x", "Content-Length: 1")
		p.get("X-Cut: 1")
		p.get("Range: bytes=0-1")
		p.get("X-Missing: 1")
		p.get()
		synctest.Wait() // the answer may reach us before it is kept
		p.get()
		p.close(origin)
		if n.Load() != 5 {
			t.Errorf("the origin was asked %d times, want 5: all but the last", n.Load())
		}
	})
}

func TestCacheDropsTheOldest(t *testing.T) {
	s := &store{ttl: time.Hour, max: 3 * (entrySize + 10)}
	for i := range 5 {
		s.keep(kept{key: fmt.Sprint(i), since: time.Now(), header: http.Header{}, body: make([]byte, 10)})
	}
	for i, want := range []bool{false, false, true, true, true} {
		if got := s.find(fmt.Sprint(i), nil) != nil; got != want {
			t.Errorf("entry %d: %t, want %t", i, got, want)
		}
	}
	if s.size != s.max {
		t.Errorf("size %d, want %d", s.size, s.max)
	}
}

// readers ask for /x one after another, every second, each by itself.
func readers(p *road, n int) {
	done := make(chan struct{})
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			time.Sleep(time.Duration(i) * time.Second)
			c, r, base := p.connect()
			defer c.Close()
			fmt.Fprintf(c, "GET %s/x HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				p.note("%c %s", 'A'+i, ending(err))
				return
			}
			buf := make([]byte, 99)
			for {
				n, err := resp.Body.Read(buf)
				if n > 0 {
					p.note("%c %s", 'A'+i, buf[:n])
				}
				if err != nil {
					p.note("%c %s", 'A'+i, ending(err))
					return
				}
			}
		}()
	}
	for range n {
		<-done
	}
}

func TestCollapse(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		last       any
		want       []string
	}{
		{"one stream for both", "fault:collapse", 1500 * ms,
			[]string{"0s asked 1", "0s A 1", "1s B 1", "1.5s A x", "1.5s B x", "3s A end", "3s B end"}},
		{"its end for both", "fault:collapse", abort,
			[]string{"0s asked 1", "0s A 1", "1s B 1", "1.5s A x", "1.5s B x", "1.5s A cut", "1.5s B cut"}},
		{"a limit for both", "fault:duration(2s)&collapse", time.Hour,
			[]string{"0s asked 1", "0s A 1", "1s B 1", "1.5s A x", "1.5s B x", "2s A cut", "2s B cut"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			everyWay(t, c.spec, func(t *testing.T, p *road) {
				origin := p.serve(numbered(p, "", 1500*ms, "x", c.last))
				readers(p, 2)
				p.close(origin)
				p.expectSorted(c.want...)
			})
		})
	}
}

// Without the fault each has a stream of its own.
func TestTransparentDoesNotCollapse(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		origin := p.serve(numbered(p, "", 1500*ms))
		readers(p, 2)
		p.close(origin)
		p.expectSorted("0s asked 1", "0s A 1", "1s asked 2", "1s B 2", "1.5s A end", "2.5s B end")
	})
}

// The origin is told when the last reader has left, and not before; whoever
// comes then gets a new stream.
func TestCollapseEndsWithTheLastReader(t *testing.T) {
	everyWay(t, "fault:collapse", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			p.note("asked")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			p.note("told")
		})
		open := func() io.Closer {
			c, r, base := p.connect()
			fmt.Fprintf(c, "GET %s/x HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
			if _, err := http.ReadResponse(r, nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			return c
		}
		a := open()
		b := open()
		a.Close()
		time.Sleep(time.Second)
		b.Close()
		time.Sleep(time.Second)
		open().Close()
		synctest.Wait()
		p.close(origin)
		p.expect("0s asked", "3s told", "4s asked", "5s told")
	})
}

// Readers that wait for a head leave it alone too.
func TestCollapseBeforeTheHead(t *testing.T) {
	everyWay(t, "fault:collapse", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			p.note("asked")
			script(3*time.Second, "late")(w, r)
		})
		c, _, base := p.connect()
		fmt.Fprintf(c, "GET %s/x HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		time.AfterFunc(2*time.Second, func() { c.Close() })
		time.Sleep(time.Second)
		p.get()
		p.close(origin)
		p.expect("0s asked", "3s head 200", "3s late", "3s end")
	})
}

// A stream that has got too far is not joined, and waits for its readers.
func TestCollapseIsBounded(t *testing.T) {
	everyWay(t, "fault:collapse(2)", func(t *testing.T, p *road) {
		origin := p.serve(numbered(p, "", 500*ms, "abc", time.Second, "def", time.Second))
		readers(p, 2)
		p.close(origin)
		p.expectSorted("0s asked 1", "0s A 1", "500ms A abc", "1s asked 2", "1s B 2", "1.5s A def", "1.5s B abc", "2.5s A end", "2.5s B def", "3.5s B end")
	})
}
