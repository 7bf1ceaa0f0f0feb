package proxies

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// asked are requests that go through a failure mode's composition one after the
// other, each on a road of its own unless it comes again.
type asked []struct {
	way      way // "" is reverse
	before   bool
	again    bool // on the same hop as the one before
	method   string
	headers  []string
	typed    string
	encoding string // that the origin claims
	origin   []any
	want     string
}

func (a asked) drive(t *testing.T, mode FailureMode) {
	for i := 0; i < len(a); {
		synctest.Test(t, func(t *testing.T) {
			spec, w := mode.Spec, a[i].way
			if a[i].before {
				spec = mode.Before
			}
			if w == "" {
				w = byReverse
			}
			p := newRoads(t, w, spec)
			for first := true; i < len(a) && (first || a[i].again); i++ {
				first = false
				c := a[i]
				p.log, p.start = nil, time.Now()
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", c.typed)
					if c.encoding != "" {
						w.Header().Set("Content-Encoding", c.encoding)
					}
					script(c.origin...)(w, r)
				})
				p.askPlain(c.method, c.headers...)
				_ = origin.Close()
				p.expect(strings.Split(c.want, ", ")...)
			}
			p.close()
		})
	}
}

// newRoads is newRoad where spec may be a chain of simulated hops.
func newRoads(t *testing.T, w way, spec string) *road {
	t.Helper()
	links := cutAt(spec, '+')
	outer := newRoadIn(t, w, links[0], Env{Origin: mustURL("http://" + behind(len(links), 1))})
	for i := 1; i < len(links); i++ {
		proxy, err := Parse(links[i], ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inner, err := proxy.(*simulated).startOn(outer.net.listen(behind(len(links), i)), outer.net.dial,
			Env{Origin: mustURL("http://" + behind(len(links), i+1)), Mode: Reverse, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		outer.inner = append(outer.inner, inner)
	}
	return outer
}

// behind is where the hop i of n listens; after the last comes the origin.
func behind(n, i int) string {
	if i == n {
		return originAddr
	}
	return fmt.Sprintf("127.0.0.1:90%02d", i)
}

// askPlain asks on a connection of its own and logs what comes back, plain,
// with a word when it was not.
func (p *road) askPlain(method string, headers ...string) {
	p.t.Helper()
	if method == "POST" {
		headers = append(slices.Clone(headers), "Content-Length: 0")
	} else {
		method = "GET"
	}
	c, r, base := p.connect()
	defer c.Close()
	lines := append([]string{method + " " + base + "/x HTTP/1.1", "Host: " + originAddr, "Connection: close"}, headers...)
	fmt.Fprint(c, strings.Join(lines, "\r\n")+"\r\n\r\n")
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		p.note("%s", ending(err))
		return
	}
	p.note("head %d", resp.StatusCode)
	if resp.Header.Get("Content-Encoding") != "gzip" {
		p.body(resp.Body)
		return
	}
	zip, err := gzip.NewReader(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	all, err := io.ReadAll(zip)
	if err != nil {
		p.t.Fatal(err)
	}
	p.note("%s gzip", all)
	p.note("end")
}
