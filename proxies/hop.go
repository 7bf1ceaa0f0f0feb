package proxies

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/cometbench/cometbench/internal/selfsigned"
)

// Bounds on what arrives from the wire.
const (
	maxHeaderBytes = 256 << 10
	headerTimeout  = 60 * time.Second
	dialTimeout    = 10 * time.Second
)

// hop is a running simulated proxy.
type hop struct {
	mode    Mode
	origin  *url.URL
	parent  *url.URL
	allow   []string
	back    string
	roots   *x509.CertPool // nil: the system's
	faults  []*applied
	dialRaw Dialer
	ctx     context.Context // ends with the instance
	stop    context.CancelFunc

	listener *countingListener
	server   *http.Server
	goproxy  *goproxy.ProxyHttpServer
	pools    pools

	// Of a forward proxy: what serves the HTTP found inside CONNECT, plain and,
	// where that is inspected, in TLS.
	inner, inspector       *http.Server
	plainInside, tlsInside *handedListener
	authority              *selfsigned.Authority

	counts counts
	wg     sync.WaitGroup // serving goroutines and handlers

	mu     sync.Mutex
	closed bool
	kept   []net.Conn
	dialed map[net.Conn]struct{}
}

// startHop runs a hop on listener. It takes the listener over.
func startHop(listener net.Listener, dial Dialer, env Env, specs []faultSpec) (*hop, error) {
	faults, err := apply(specs, env)
	if err != nil {
		return nil, err
	}
	roots, err := rootsOf(env)
	if err != nil {
		return nil, err
	}
	h := &hop{
		mode: env.Mode, origin: env.Origin, parent: env.Parent, allow: env.Allow, back: env.Back, roots: roots,
		faults: faults, dialRaw: dial, dialed: map[net.Conn]struct{}{},
	}
	h.ctx, h.stop = context.WithCancel(context.WithValue(context.Background(), hopKey{}, h))
	h.listener = &countingListener{Listener: listener, counts: &h.counts, faults: faults}
	if h.mode == TCP {
		h.wg.Go(h.serveTCP)
		return h, nil
	}
	h.pools = h.originPools()
	if h.mode == Forward {
		h.goproxy = h.newGoproxy()
		if err := h.serveTunnels(); err != nil {
			h.stop()
			return nil, err
		}
		h.server = h.newServer(http.HandlerFunc(h.forward))
		h.server.Protocols = onlyHTTP1() // CONNECT takes a connection over
		h.wg.Go(func() { _ = h.server.Serve(h.listener) })
		return h, nil
	}
	h.server = h.newServer(http.HandlerFunc(h.reverse))
	h.serveFront(env.Front)
	return h, nil
}

// hopKey is where all contexts of a hop hold it.
type hopKey struct{}

func hopOf(ctx context.Context) *hop { return ctx.Value(hopKey{}).(*hop) }

// connKey is where the server's context holds the client's connection.
type connKey struct{}

// clientOf is that connection, nil where the server does not tell.
func clientOf(ctx context.Context) net.Conn {
	c, _ := ctx.Value(connKey{}).(net.Conn)
	return c
}

// tracked lets Close wait for handlers, hijacked ones included.
func (h *hop) tracked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			panic(http.ErrAbortHandler)
		}
		h.wg.Add(1)
		h.mu.Unlock()
		defer h.wg.Done()
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v != http.ErrAbortHandler {
				h.counts.crashed.Add(1)
			}
			panic(v) // the server ends the connection
		}()
		if endsConnection(r) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// endsConnection reports whether r has to be the last request on its
// connection. A head with both Content-Length and Transfer-Encoding, or with
// the latter in HTTP/1.0, is where readers disagree about what follows, and the
// connection must not go on (RFC 9112, 6.1). net/http takes the evidence out of
// the head, so that each chunked request and each one in HTTP/1.0 ends its own;
// to keep one of HTTP/1.0 open is not for proxies anyway (appendix C.2.2).
func endsConnection(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ProtoMinor == 0 || slices.Contains(r.TransferEncoding, "chunked"))
}

func (h *hop) reverse(w http.ResponseWriter, r *http.Request) {
	h.counts.hits.Add(1)
	if r.Method == http.MethodConnect {
		plainAnswer(w, http.StatusMethodNotAllowed, "this is a reverse proxy: no CONNECT")
		return
	}
	h.handle(w, r, h.tripper(r, h.pools), h.sendReverse)
}

// sendReverse points the request at the origin and copies the answer.
func (h *hop) sendReverse(w http.ResponseWriter, out *http.Request) {
	h.pointAt(out, h.origin)
	exchangeOf(out.Context()).copy(w, out)
}

// pointAt makes origin the one that r is sent to.
func (h *hop) pointAt(r *http.Request, origin *url.URL) {
	r.URL.Scheme, r.URL.Host = origin.Scheme, origin.Host
	if h.mode == Reverse && (h.parent != nil || !isLoopback(origin.Hostname())) {
		// A site elsewhere goes by its name, and a parent proxy by this name
		// finds the origin; otherwise a transparent hop leaves it alone.
		r.Host = origin.Host
	}
}

func (h *hop) serveTCP() {
	for {
		client, err := h.listener.Accept()
		if err != nil {
			return
		}
		h.counts.hits.Add(1)
		h.wg.Go(func() { h.relayTCP(client) })
	}
}

func (h *hop) relayTCP(client net.Conn) {
	if !h.keep(client) {
		_ = client.Close()
		return
	}
	defer h.release(client)
	ctx, cancel := context.WithCancel(context.WithValue(h.ctx, connKey{}, client))
	defer cancel()
	// The same as a CONNECT to the hooks of tunnels.
	r := (&http.Request{Method: http.MethodConnect, URL: &url.URL{}, Header: http.Header{}, Host: hostPort(h.origin), RemoteAddr: client.RemoteAddr().String()}).WithContext(ctx)
	upstream, _, refusal, err := h.openTunnel(r)
	if refusal != nil {
		_ = refusal.Body.Close() // there is no HTTP to say it in
	}
	if err != nil || refusal != nil {
		reset(client)
		return
	}
	if !h.keep(upstream) {
		_ = client.Close()
		_ = upstream.Close()
		return
	}
	defer h.release(upstream)
	h.tunnelThrough(client, upstream, r)
}

// Close ends all exchanges and waits for them.
func (h *hop) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		h.wg.Wait()
		return nil
	}
	h.closed = true
	kept := h.kept
	h.kept = nil
	h.mu.Unlock()

	h.stop()
	err := h.listener.Close()
	for _, l := range []*handedListener{h.plainInside, h.tlsInside} {
		if l != nil {
			_ = l.Close()
		}
	}
	for _, s := range []*http.Server{h.server, h.inner, h.inspector} {
		if s != nil {
			_ = s.Close()
		}
	}
	for _, c := range kept {
		_ = c.Close()
	}
	h.wg.Wait()
	h.pools.closeIdle()
	h.closeDialed()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close proxy: %w", err)
	}
	return nil
}

// listen opens a hop's port; "" is a free one on loopback.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is in use", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
