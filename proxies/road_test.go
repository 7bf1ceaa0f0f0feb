package proxies

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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
)

const originAddr = "127.0.0.1:8080"

// way is how a client goes through a hop.
type way string

const (
	byReverse way = "reverse"
	byForward way = "forward" // absolute URI
	byConnect way = "connect" // plain HTTP inside CONNECT
	byTCP     way = "tcp"     // bytes
)

func ways() []way { return []way{byReverse, byForward, byConnect} }

// road is an origin, a hop and a log of what the client saw, inside a bubble.
type road struct {
	t     *testing.T
	net   *memNet
	way   way
	hop   Instance
	start time.Time

	mu  sync.Mutex
	log []string
}

// newRoad starts a hop for spec in front of originAddr.
func newRoad(t *testing.T, w way, spec string, scale float64) *road {
	t.Helper()
	p := &road{t: t, net: newMemNet(), way: w}
	proxy, err := Parse(spec, ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	env := Env{Origin: mustURL("http://" + originAddr), Mode: Reverse, Scale: scale, Seed: 1}
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
func (p *road) serve(handler http.HandlerFunc) *http.Server {
	s := &http.Server{Handler: handler}
	l := p.net.listen(originAddr)
	go func() { _ = s.Serve(l) }()
	return s
}

// note writes a line into the log, with the time.
func (p *road) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf("%v %s", time.Since(p.start), fmt.Sprintf(format, args...)))
}

// connect opens a client's connection up to where a request can be sent, and
// returns the target to ask for.
func (p *road) connect() (net.Conn, *bufio.Reader, string) {
	p.t.Helper()
	c, err := p.net.dial(context.Background(), "", "hop")
	if err != nil {
		p.t.Fatal(err)
	}
	r := bufio.NewReader(c)
	switch p.way {
	case byForward:
		return c, r, "http://" + originAddr
	case byConnect:
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr, originAddr)
		resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
		if err != nil || resp.StatusCode != 200 {
			p.t.Fatalf("CONNECT: %v %v", resp, err)
		}
	}
	return c, r, ""
}

// get asks for /x and logs all that comes back until the response ends.
func (p *road) get(headers ...string) { p.ask("GET", "HTTP/1.1", "", headers...) }

func (p *road) ask(method, version, body string, headers ...string) {
	p.t.Helper()
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
	case errors.Is(err, io.ErrUnexpectedEOF):
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
	if err := p.hop.Close(); err != nil {
		p.t.Error(err)
	}
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

// everyWay runs f in a bubble of its own for each way through spec.
func everyWay(t *testing.T, spec string, f func(t *testing.T, p *road)) {
	t.Helper()
	for _, w := range ways() {
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

// script is an origin's answer: durations are waited, strings written and
// flushed, funcs called.
func script(steps ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "text/plain")
		}
		for _, step := range steps {
			switch s := step.(type) {
			case time.Duration:
				select {
				case <-time.After(s):
				case <-r.Context().Done():
					return
				}
			case string:
				if s != "head" {
					_, _ = io.WriteString(w, s)
				}
				_ = http.NewResponseController(w).Flush()
			case func(http.ResponseWriter, *http.Request):
				s(w, r)
			}
		}
	}
}

// abort cuts a response in the middle.
func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const ms = time.Millisecond

// switching is an origin that switches protocols and hands the connection over.
func switching(talk func(net.Conn, *bufio.ReadWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if upgradeOf(r.Header) == "" {
			http.Error(w, "plain request", http.StatusBadRequest)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+r.Header.Get("Upgrade")+"\r\nX-Kept: yes\r\n\r\n")
		talk(c, rw)
	}
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
		case errors.Is(err, net.ErrClosed):
		case err == io.EOF:
			p.note("%scut", who)
		default:
			p.note("%s%s", who, ending(err))
		}
		return
	}
}
