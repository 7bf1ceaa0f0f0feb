package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// dialWait bounds connecting to the application, TLS included.
const dialWait = 10 * time.Second

// Gateway is the address at which paths find the application. Each exchange
// has one of its own, so that its record is that exchange's alone. Bytes pass
// as they are, but for what names the application's address in requests: the
// lines Host and Origin, and a target that is a whole URL. Each request is
// counted against the budget, and one too many is not passed on.
type Gateway struct {
	spec     *Spec
	budget   *Budget
	host     string // for the Host line
	address  string // host:port to dial
	tls      *tls.Config
	url      *url.URL
	listener net.Listener
	ctx      context.Context
	stop     context.CancelFunc
	wg       sync.WaitGroup
	record   recorder

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	over   error // ErrBudget, once a request was not passed on
	failed error // why the application could not be reached
	conns  int
	closed bool
}

// NewGateway listens on a free loopback port. front makes its side towards
// paths TLS; nil is plain. It lives until Close.
func NewGateway(spec *Spec, budget *Budget, front *tls.Certificate) (*Gateway, error) {
	own := spec.Origin()
	g := &Gateway{spec: spec, budget: budget, host: own.Host, address: hostPort(own), open: map[net.Conn]struct{}{}}
	if host, ok := spec.Header("Host"); ok {
		g.host = host
	}
	var err error
	if own.Scheme == "https" {
		if g.tls, err = spec.TLS(); err != nil {
			return nil, err
		}
		g.tls.NextProtos = []string{"http/1.1"}
		g.tls.ServerName = own.Hostname()
	}
	if g.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for the application: %w", err)
	}
	g.url = &url.URL{Scheme: "http", Host: g.listener.Addr().String()}
	if front != nil {
		g.url.Scheme = "https"
		g.listener = tls.NewListener(g.listener, &tls.Config{Certificates: []tls.Certificate{*front}, NextProtos: []string{"http/1.1"}})
	}
	g.ctx, g.stop = context.WithCancel(context.Background())
	g.wg.Go(g.accept)
	return g, nil
}

// URL is where paths lead to.
func (g *Gateway) URL() *url.URL { u := *g.url; return &u }

// Record returns what passed so far. The kinds are those of the reference
// server's record: headers when a request came (with type and encoding of the
// answer once there is one), error for an answer of 300 and above, write for
// each message, end, abort-noticed.
func (g *Gateway) Record() []measure.Event { return g.record.all() }

// Err is why the exchange is worth nothing: the budget was used up, or the
// application could not be reached. Nil otherwise.
func (g *Gateway) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Join(g.over, g.failed)
}

// Release ends every exchange under way from the application's side, as if it
// had closed, so that a path lets go of what it holds. New ones are refused.
func (g *Gateway) Release() {
	g.mu.Lock()
	g.closed = true
	for c := range g.open {
		_ = c.Close()
	}
	g.mu.Unlock()
	_ = g.listener.Close() // a second Close has nothing left to fail at
}

func (g *Gateway) released() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// Close releases what is open and waits until all is recorded.
func (g *Gateway) Close() error {
	g.Release()
	g.stop()
	g.wg.Wait()
	return nil
}

func (g *Gateway) accept() {
	for {
		c, err := g.listener.Accept()
		if err != nil {
			return
		}
		if !g.remember(c) {
			return
		}
		g.mu.Lock()
		g.conns++
		number := g.conns
		g.mu.Unlock()
		g.wg.Go(func() {
			defer g.forget(c)
			(&passage{gateway: g, client: c, number: number}).run()
		})
	}
}

// dial connects to the application.
func (g *Gateway) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(g.ctx, dialWait)
	defer cancel()
	var c net.Conn
	var err error
	if g.tls != nil {
		c, err = (&tls.Dialer{Config: g.tls}).DialContext(ctx, "tcp", g.address)
	} else {
		c, err = new(net.Dialer).DialContext(ctx, "tcp", g.address)
	}
	if err != nil {
		g.unreachable(err)
		return nil, err
	}
	if !g.remember(c) {
		return nil, net.ErrClosed
	}
	return c, nil
}

// unreachable notes why the application did not answer at all.
func (g *Gateway) unreachable(err error) {
	hint := ""
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		hint = "; name the file of its authority under ca:"
	case strings.Contains(err.Error(), "certificate required"): // an alert has no type of its own
		hint = "; give one under client_certificate:"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed { // or it is we who gave up
		g.failed = fmt.Errorf("the application cannot be reached: %w%s", err, hint)
	}
}

func (g *Gateway) remember(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		_ = c.Close()
		return false
	}
	g.open[c] = struct{}{}
	return true
}

func (g *Gateway) forget(c net.Conn) {
	_ = c.Close()
	g.mu.Lock()
	delete(g.open, c)
	g.mu.Unlock()
}

func (g *Gateway) spent(err error) {
	g.mu.Lock()
	g.over = err
	g.mu.Unlock()
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(strings.Trim(u.Hostname(), "[]"), "80")
}
