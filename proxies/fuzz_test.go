package proxies

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fuzzedHop is a hop between raw ends, in one of the ways that a byte chooses.
type fuzzedHop struct {
	*road
	mu   sync.Mutex
	seen []seenRequest
}

// seenRequest is what the hop took a client's bytes for.
type seenRequest struct {
	method, path, query, host string
	body                      *bytes.Buffer
	whole                     bool // the body's end was seen
}

func newFuzzedHop(t *testing.T, mode byte) *fuzzedHop {
	w := []way{byReverse, byForward, byConnect}[mode%3]
	spec := []string{"transparent", "fault:http10"}[mode/3%2]
	p := &fuzzedHop{road: &road{t: t, net: newMemNet(), way: w, start: time.Now()}}
	faults, err := parseFaults("latency(1ns,if=chance:0)")
	if err != nil {
		t.Fatal(err)
	}
	if spec != "transparent" {
		more, err := parseFaults(strings.TrimPrefix(spec, "fault:"))
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, more...)
	}
	// The last one sees a request first.
	faults = append(faults, faultSpec{fault: Fault{Name: "observe", New: func(Args) (Hooks, error) {
		return Hooks{Upstream: p.observe}, nil
	}}})
	env := Env{Origin: mustURL("http://" + originAddr), Mode: Reverse}
	if w != byReverse {
		env.Mode = Forward
	}
	hop, err := (&simulated{name: "fuzzed", faults: faults}).startOn(p.net.listen("hop"), p.net.dial, env)
	if err != nil {
		t.Fatal(err)
	}
	p.hop = hop
	return p
}

func (p *fuzzedHop) observe(next http.RoundTripper) http.RoundTripper {
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		own := seenRequest{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, host: r.Host, body: &bytes.Buffer{}, whole: r.Body == nil}
		p.mu.Lock()
		p.seen = append(p.seen, own)
		i := len(p.seen) - 1
		p.mu.Unlock()
		if r.Body != nil {
			r = r.Clone(r.Context())
			r.Body = &observedBody{ReadCloser: r.Body, read: func(b []byte, err error) {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.seen[i].body.Write(b)
				p.seen[i].whole = p.seen[i].whole || err == io.EOF
			}}
		}
		return next.RoundTrip(r)
	})
}

type observedBody struct {
	io.ReadCloser
	read func([]byte, error)
}

func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read(p[:n], err)
	return n, err
}

// serveStrictly answers each request that a strict reader understands, and
// returns what it got when it is stopped.
func (p *fuzzedHop) serveStrictly(answer func(c net.Conn, m *strictMessage)) (stop func() []*strictMessage) {
	l := p.net.listen(originAddr)
	var mu sync.Mutex
	var got []*strictMessage
	var wg sync.WaitGroup
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				for r := (strictReader{Reader: bufio.NewReader(c)}); ; {
					m, err := r.read(true, false)
					if errors.Is(err, errAmbiguous) {
						p.t.Errorf("the origin was asked with an %v", err)
					}
					if err != nil {
						return
					}
					mu.Lock()
					got = append(got, m)
					mu.Unlock()
					answer(c, m)
				}
			})
		}
	})
	return func() []*strictMessage {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
		return got
	}
}

// say sends raw, and leaves when the hop has nothing more to answer. Who ends
// his half at once is taken for gone.
func (p *fuzzedHop) say(c net.Conn, r io.Reader, raw []byte) {
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Minute))
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(io.Discard, r) })
	_, _ = c.Write(raw)
	time.Sleep(10 * time.Second)
	closeWrite(c)
	reading.Wait()
	_ = c.Close()
	synctest.Wait()
}

// crashed tells of a handler that panicked for a reason of its own.
func (p *fuzzedHop) crashed() bool { return p.hop.(*running).hop.counts.crashed.Load() > 0 }

// FuzzClientBytes sends whatever a client might say. {o} in it is what comes
// before a path to ask the hop.
func FuzzClientBytes(f *testing.F) {
	for _, raw := range clientSeeds() {
		for mode := range byte(6) {
			f.Add(mode, []byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, mode byte, raw []byte) {
		if len(raw) > 64<<10 {
			t.Skip("longer than what is sent in one go")
		}
		synctest.Test(t, func(t *testing.T) {
			p := newFuzzedHop(t, mode)
			if p.way == byConnect && (len(raw) == 0 || raw[0] < 'A' || raw[0] > 'Z') {
				_ = p.hop.Close()
				return // no HTTP, and tunnelled unseen
			}
			stop := p.serveStrictly(func(c net.Conn, m *strictMessage) {
				if method, _, _ := strings.Cut(m.start, " "); method == http.MethodHead {
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
				} else {
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
				if strings.HasSuffix(m.start, "1.0") {
					_ = c.Close()
				}
			})
			c, r, base := p.connect()
			p.say(c, r, bytes.ReplaceAll(raw, []byte("{o}"), []byte(base)))
			got := stop()
			if err := p.hop.Close(); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if p.crashed() {
				t.Error("a handler crashed")
			}
			p.compare(got)
			p.understoodAlike(bytes.ReplaceAll(raw, []byte("{o}"), []byte(base)), got)
		})
	})
}

// compare holds what arrived whole against what the hop saw.
func (p *fuzzedHop) compare(got []*strictMessage) {
	left := slices.Clone(p.seen)
	for i := range left {
		if left[i].path == "" {
			left[i].path = "/" // one and the same (RFC 9110, 4.2.3)
		}
	}
	for _, m := range got {
		parts := strings.Split(m.start, " ")
		target, err := url.ParseRequestURI(parts[1])
		if err != nil {
			p.t.Errorf("target %q: %v", parts[1], err)
			continue
		}
		i := slices.IndexFunc(left, func(s seenRequest) bool {
			return s.whole && s.method == parts[0] && s.path == target.Path && s.query == target.RawQuery && s.body.String() == m.body
		})
		if i < 0 && parts[1] != "*" {
			p.t.Errorf("the origin was asked %q with %q; the hop saw %+v", m.start, m.body, left)
			continue
		}
		if hosts := m.values("host"); len(hosts) > 1 {
			p.t.Errorf("hosts %q", hosts)
		}
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
}

// understoodAlike reads the client's bytes strictly: as far as every reader
// agrees, the origin may see those requests and no others; at the first one on
// which they do not, it may see that one in one reading and nothing after it.
func (p *fuzzedHop) understoodAlike(raw []byte, got []*strictMessage) {
	r := strictReader{Reader: bufio.NewReader(bytes.NewReader(raw)), forgiving: true}
	var clear []*strictMessage
	last := false
	for !last {
		m, err := r.read(true, false)
		if err != nil {
			last = errors.Is(err, errAmbiguous)
			break
		}
		clear = append(clear, m)
	}
	most := len(clear)
	if last {
		most++
	}
	if len(got) > most {
		p.t.Errorf("%d requests at the origin; the client sent %d that are clear, and then at most one more", len(got), len(clear))
	}
}

func clientSeeds() []string {
	host := "Host: 127.0.0.1:8080\r\n"
	get := "GET {o}/a?b=c HTTP/1.1\r\n" + host
	post := "POST {o}/p HTTP/1.1\r\n" + host
	smuggled := "GET {o}/smuggled HTTP/1.1\r\n" + host + "\r\n"
	return []string{
		get + "\r\n", get + "\r\n" + get + "\r\n", "HEAD {o}/ HTTP/1.1\r\n" + host + "\r\n", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
		post + "Content-Length: 3\r\n\r\nabc", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		post + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
		// two framings
		post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", post + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
		post + "Content-Length: 3, 3\r\n\r\nabc",
		post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		post + "Transfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n0\r\n\r\n" + smuggled,
		post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + smuggled, post + "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + smuggled,
		post + "Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\nabc" + smuggled, post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + smuggled,
		post + "transfer-encoding: Chunked\r\n\r\n0\r\n\r\n" + smuggled, post + "Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled,
		"POST {o}/ HTTP/1.0\r\n" + host + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"GET {o}/ HTTP/1.0\r\n" + host + "Connection: keep-alive\r\n\r\n" + smuggled,
		// lengths
		post + "Content-Length: -1\r\n\r\nabc", post + "Content-Length: +3\r\n\r\nabc", post + "Content-Length: 99999999999999999999\r\n\r\nabc", post + "Content-Length: 0x3\r\n\r\nabc",
		post + "Content-Length: 10\r\n\r\nabc", post + "Content-Length: 0\r\n\r\n" + smuggled, post + "Content-Length: \r\n\r\n" + smuggled, get + "Content-Length: 3\r\n\r\nabc" + smuggled,
		// chunks
		post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
		post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n" + smuggled, post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n" + smuggled, post + "Transfer-Encoding: chunked\r\n\r\n 3 \r\nabc\r\n0\r\n\r\n",
		post + "Transfer-Encoding: chunked\r\n\r\n3;" + strings.Repeat("x", 5000) + "\r\nabc\r\n0\r\n\r\n", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nab",
		post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 5\r\nHost: other\r\n\r\n" + smuggled, post + "Transfer-Encoding: chunked\r\n\r\n3;a\n\nabc\r\n0\r\n\r\n",
		// heads
		"GET {o}/ HTTP/1.1\n" + "Host: h\n\n", "GET {o}/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET {o}/ HTTP/1.1\r\n\r\n", get + "X: a\r\n b\r\n\r\n", get + "X: a\x00b\r\n\r\n", get + "X: a\rY: b\r\n\r\n", get + " X: a\r\n\r\n",
		get + "X a: b\r\n\r\n", get + ": b\r\n\r\n", get + "X\r\n\r\n", get + "Connection: Content-Length, Host\r\nContent-Length: 3\r\n\r\nabc", get + "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		get + "X: " + strings.Repeat("y", 40<<10) + "\r\n\r\n", "GET {o}/" + strings.Repeat("y", 40<<10) + " HTTP/1.1\r\n" + host + "\r\n",
		"GET {o}/ HTTP/2.0\r\n" + host + "\r\n", "GET {o}/ HTTP/1.2\r\n" + host + "\r\n", "GET  {o}/ HTTP/1.1\r\n" + host + "\r\n", "G\x00T {o}/ HTTP/1.1\r\n" + host + "\r\n", "GET {o}/\x00 HTTP/1.1\r\n" + host + "\r\n", "GET {o}/%00 HTTP/1.1\r\n" + host + "\r\n",
		"GET {o}//x/../y;z?%zz#f HTTP/1.1\r\n" + host + "\r\n", "GET {o}/\"<>\xff HTTP/1.1\r\n" + host + "\r\n", "CONNECT 127.0.0.1:8080 HTTP/1.1\r\n" + host + "\r\n" + smuggled, "CONNECT other:80 HTTP/1.1\r\n" + host + "\r\n",
		"GET http://other/ HTTP/1.1\r\nHost: other\r\n\r\n", "GET ftp://127.0.0.1:8080/ HTTP/1.1\r\n" + host + "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01", "\r\n\r\n" + get + "\r\n",
		get + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", get + "Expect: magic\r\nContent-Length: 3\r\n\r\nabc", get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + smuggled,
		get + "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", get + "TE: trailers, chunked\r\nConnection: TE\r\n\r\n",
	}
}
