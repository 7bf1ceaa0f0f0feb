package proxies

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/internal/selfsigned"
)

const originAddr = "127.0.0.1:8080"

// way is how a client goes through a hop.
type way string

const (
	byReverse way = "reverse"
	byForward way = "forward" // absolute URI
	byConnect way = "connect" // plain HTTP inside CONNECT
	byTLS     way = "tls"     // 1.1 over TLS, to an origin over TLS that prefers 2
	byTCP     way = "tcp"     // bytes

	byH2  way = "h2"  // 2 over TLS on both sides
	byH2C way = "h2c" // 2 without TLS, to an origin that is asked with 1.1
)

// ways are those that a test can write HTTP/1.1 to.
func ways() []way { return []way{byReverse, byForward, byConnect, byTLS} }

// allWays are those that askings by [road.get] can go.
func allWays() []way { return append(ways(), byH2, byH2C) }

func (w way) overTLS() bool { return w == byTLS || w == byH2 }
func (w way) over2() bool   { return w == byH2 || w == byH2C }

// road is an origin, a hop and a log of what the client saw, inside a bubble.
type road struct {
	t     *testing.T
	net   *memNet
	way   way
	hop   Instance
	inner []Instance      // further hops, behind it
	pair  selfsigned.Pair // of both the hop and the origin, where there is TLS
	start time.Time

	mu  sync.Mutex
	log []string
}

// newRoad starts a hop for spec in front of originAddr.
func newRoad(t *testing.T, w way, spec string, scale float64) *road {
	t.Helper()
	return newRoadIn(t, w, spec, Env{Scale: scale})
}

// newRoadIn starts one in an Env that lacks what the way decides.
func newRoadIn(t *testing.T, w way, spec string, env Env) *road {
	t.Helper()
	p := &road{t: t, net: newMemNet(), way: w}
	proxy, err := Parse(spec, ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	env.Mode, env.Seed = Reverse, 1
	if env.Origin == nil {
		env.Origin = mustURL("http://" + originAddr)
	}
	if w.overTLS() {
		for _, other := range env.Others {
			other.Scheme = "https"
		}
		if p.pair, err = selfsigned.New(); err != nil {
			t.Fatal(err)
		}
		env.Front, env.RootsPEM = &p.pair.Certificate, p.pair.RootsPEM
		env.Origin.Scheme = "https"
	}
	switch w {
	case byForward, byConnect:
		env.Mode = Forward
	case byTCP:
		env.Mode = TCP
	}
	p.hop, err = proxy.(*simulated).startOn(p.net.listen("hop"), p.net.dial, env)
	if err != nil {
		t.Fatal(err)
	}
	p.start = time.Now()
	return p
}

// serve runs an origin.
func (p *road) serve(handler http.HandlerFunc) *http.Server { return p.serveAt(originAddr, handler) }

// serveAt runs one at an address.
func (p *road) serveAt(address string, handler http.HandlerFunc) *http.Server {
	s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	l := p.net.listen(address)
	if p.way.overTLS() {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{p.pair.Certificate}}
		go func() { _ = s.ServeTLS(l, "", "") }()
		return s
	}
	s.Protocols = plainProtocols()
	go func() { _ = s.Serve(l) }()
	return s
}

// note writes a line into the log, with the time.
func (p *road) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf("%v %s", time.Since(p.start), fmt.Sprintf(format, args...)))
}

// trust is a client's TLS.
func (p *road) trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.pair.RootsPEM)
	return &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}

// get asks for /x and logs all that comes back until the response ends.
func (p *road) get(headers ...string) { p.ask("GET", "HTTP/1.1", "", headers...) }

func (p *road) ask(method, version, body string, headers ...string) {
	p.t.Helper()
	if p.way.over2() {
		p.askOver2(method, body, headers...)
		return
	}
	c, r, base := p.connect()
	defer c.Close()
	lines := append([]string{method + " " + base + "/x " + version, "Host: " + originAddr}, headers...)
	fmt.Fprint(c, strings.Join(lines, "\r\n")+"\r\n\r\n"+body)
	p.read(r, method)
}

// read logs a response: its head, each piece of the body, and its end.
func (p *road) read(r *bufio.Reader, method string) *http.Response {
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		p.note("%s", ending(err))
		return nil
	}
	p.note("head %d", resp.StatusCode)
	p.body(resp.Body)
	return resp
}

// body logs each piece of r and its end.
func (p *road) body(r io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			p.note("%s", piece(buf[:n]))
		}
		if err != nil {
			p.note("%s", ending(err))
			return
		}
	}
}

func piece(b []byte) string {
	if len(b) > 64 {
		return fmt.Sprintf("%d bytes", len(b))
	}
	return string(b)
}

func ending(err error) string {
	switch {
	case err == io.EOF:
		return "end"
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "stream error"):
		return "cut"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	}
	return err.Error()
}

// close stops the hop and the origins, and lets their goroutines end.
func (p *road) close(servers ...*http.Server) {
	for _, s := range servers {
		_ = s.Close()
	}
	for _, hop := range append([]Instance{p.hop}, p.inner...) {
		if err := hop.Close(); err != nil {
			p.t.Error(err)
		}
	}
	p.net.close()
	time.Sleep(time.Hour) // whatever an origin still waits for
	synctest.Wait()
}

func (p *road) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.log...)
}

func (p *road) expect(want ...string) {
	p.t.Helper()
	got := strings.Join(p.lines(), "\n")
	if w := strings.Join(want, "\n"); got != w {
		p.t.Errorf("seen:\n%s\nwant:\n%s", got, w)
	}
}

// expectSorted is expect where two ends log at the same moment.
func (p *road) expectSorted(want ...string) {
	p.t.Helper()
	p.mu.Lock()
	slices.Sort(p.log)
	p.mu.Unlock()
	slices.Sort(want)
	p.expect(want...)
}

// everyWay runs f in a bubble of its own for each way that HTTP/1.1 goes.
func everyWay(t *testing.T, spec string, f func(t *testing.T, p *road)) {
	t.Helper()
	eachWay(t, ways(), spec, f)
}

func eachWay(t *testing.T, ways []way, spec string, f func(t *testing.T, p *road)) {
	t.Helper()
	for _, w := range ways {
		t.Run(string(w), func(t *testing.T) {
			bubble(t, w, spec, f)
		})
	}
}

func bubble(t *testing.T, w way, spec string, f func(t *testing.T, p *road)) {
	synctest.Test(t, func(t *testing.T) {
		f(t, newRoad(t, w, spec, 1))
	})
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// upgrade asks to switch protocols and logs the answer's status.
func (p *road) upgrade() (net.Conn, *bufio.Reader) {
	p.t.Helper()
	c, r, base := p.connect()
	fmt.Fprintf(c, "GET %s/ws HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", base, originAddr)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		p.note("%s", ending(err))
		return c, r
	}
	p.note("%d", resp.StatusCode)
	return c, r
}

// drain logs raw bytes until the connection ends.
func (p *road) drain(r io.Reader) { p.drainAs("", r) }

// gone reports whether the client has noted that it leaves.
func (p *road) gone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.log, func(line string) bool { return strings.HasSuffix(line, "client leaves") })
}

func (p *road) drainAs(who string, r io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			p.note("%s%s", who, piece(buf[:n]))
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, net.ErrClosed), who == "" && p.gone():
			// What a connection says that its own end closed depends on who is
			// first, over TLS.
		case err == io.EOF:
			p.note("%scut", who)
		default:
			p.note("%s%s", who, ending(err))
		}
		return
	}
}
