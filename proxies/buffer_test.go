package proxies

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// timed is a fault, what the origin does, and what the client sees when.
type timed struct {
	name    string
	spec    string
	headers []string
	origin  http.HandlerFunc
	want    []string
}

func runTimed(t *testing.T, cases []timed) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, allWays(), c.spec, func(t *testing.T, p *road) {
				origin := p.serve(c.origin)
				p.get(c.headers...)
				p.close(origin)
				p.expect(c.want...)
			})
		})
	}
}

func TestBuffer(t *testing.T) {
	slow := script("head", time.Second, "a", time.Second, "b", time.Second, "c")
	html := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		slow(w, r)
	}
	runTimed(t, []timed{
		{"until close", "fault:buffer(until=close)", nil, slow,
			[]string{"3s head 200", "3s abc", "3s end"}},
		{"until close, unnamed", "fault:buffer(close)", nil, slow,
			[]string{"3s head 200", "3s abc", "3s end"}},
		{"until close, head passes", "fault:buffer(until=close,head=pass)", nil, slow,
			[]string{"0s head 200", "3s abc", "3s end"}},
		{"until close, origin cuts", "fault:buffer(until=close)", nil, script("head", time.Second, "a", time.Second, abort),
			[]string{"2s head 200", "2s a", "2s cut"}},
		{"until close, origin cuts, answered", "fault:buffer(until=close,status=502)", nil, script("head", time.Second, "a", time.Second, abort),
			[]string{"2s head 502", "2s 99 bytes", "2s end"}},
		{"until close, answered, more than max", "fault:buffer(until=close,status=502,max=1)", nil, script("head", time.Second, "ab", time.Second, abort),
			[]string{"1s head 200", "1s ab", "2s cut"}},
		{"until close, answered, a limit cuts", "fault:duration(after=1500ms)&buffer(until=close,status=502)", nil, slow,
			[]string{"1.5s head 200", "1.5s a", "1.5s cut"}},
		{"until close, more than max", "fault:buffer(until=close,max=2)", nil, slow,
			[]string{"3s head 200", "3s abc", "3s end"}},
		{"until close, much more than max", "fault:buffer(until=close,max=1)", nil, slow,
			[]string{"2s head 200", "2s ab", "3s c", "3s end"}},
		{"blocks", "fault:buffer(bytes=4)", nil, script("head", time.Second, "ab", time.Second, "cdefghijk", time.Second, "l", time.Second, "m"),
			[]string{"0s head 200", "2s abcdefgh", "3s ijkl", "4s m", "4s end"}},
		{"blocks, head held", "fault:buffer(bytes=4,head=hold)", nil, script("head", time.Second, "ab", time.Second, "cde", time.Second),
			[]string{"2s head 200", "2s abcd", "3s e", "3s end"}},
		{"timer, from the first held byte", "fault:buffer(every=200ms)", nil,
			script("head", time.Second, "a", 50*ms, "b", 150*ms-1, "c", 1+100*ms, "d", 500*ms, "e", 10*ms),
			[]string{"0s head 200", "1.2s abc", "1.5s d", "1.81s e", "1.81s end"}},
		{"timer, head held", "fault:buffer(every=200ms,head=hold)", nil, script("head", time.Second, "a"),
			[]string{"200ms head 200", "1s a", "1s end"}},
		{"timer or block", "fault:buffer(every=200ms,bytes=3)", nil, script("a", 100*ms, "bcd", 500*ms, "e", time.Second),
			[]string{"0s head 200", "100ms abc", "300ms d", "800ms e", "1.6s end"}},
		{"by type", "fault:buffer(until=close,if=type:text/html)", nil, html,
			[]string{"3s head 200", "3s abc", "3s end"}},
		{"by type, another", "fault:buffer(until=close,if=type:text/html)", nil, slow,
			[]string{"0s head 200", "1s a", "2s b", "3s c", "3s end"}},
		{"by exact type", "fault:buffer(until=close,unless=type-exact:text/html)", nil, html,
			[]string{"3s head 200", "3s abc", "3s end"}},
		{"by request header", "fault:buffer(until=close,if=header:Accept-Encoding)", []string{"Accept-Encoding: gzip"}, slow,
			[]string{"3s head 200", "3s abc", "3s end"}},
		{"by method, another", "fault:buffer(until=close,if=method:POST)", nil, slow,
			[]string{"0s head 200", "1s a", "2s b", "3s c", "3s end"}},
		{"both conditions", "fault:buffer(until=close,if=method:GET,unless=type:text/plain)", nil, slow,
			[]string{"0s head 200", "1s a", "2s b", "3s c", "3s end"}},
		{"of unknown size", "fault:buffer(until=close,if=size:unknown)", nil, slow,
			[]string{"3s head 200", "3s abc", "3s end"}},
	})
}

// A full buffer knows the length, and says so.
func TestBufferUntilCloseSendsLength(t *testing.T) {
	everyWay(t, "fault:buffer(until=close)", func(t *testing.T, p *road) {
		origin := p.serve(script("head", time.Second, "abc", time.Second, "de"))
		c, r, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.ContentLength != 5 || len(resp.TransferEncoding) != 0 {
			t.Errorf("length %d, encoding %v; want 5 and none", resp.ContentLength, resp.TransferEncoding)
		}
		resp.Body.Close()
		c.Close()
		p.close(origin)
	})
}

func TestBufferKeepsHeadOfHEAD(t *testing.T) {
	everyWay(t, "fault:buffer(until=close)", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "77") })
		c, r, base := p.connect()
		fmt.Fprintf(c, "HEAD %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		resp, err := http.ReadResponse(r, &http.Request{Method: "HEAD"})
		if err != nil {
			t.Fatal(err)
		}
		if resp.ContentLength != 77 {
			t.Errorf("length %d, want 77", resp.ContentLength)
		}
		c.Close()
		p.close(origin)
	})
}

func TestBufferBadArguments(t *testing.T) {
	for spec, want := range map[string]string{
		"fault:buffer":                       "want until=close",
		"fault:buffer(until=close,bytes=4k)": "excludes",
		"fault:buffer(until=end)":            "want one of close",
		"fault:buffer(bytes=4k,max=1k)":      "larger than max",
		"fault:buffer(bytes=4k,max=1G)":      "cannot be held",
	} {
		if _, err := Parse(spec, ParseOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}
