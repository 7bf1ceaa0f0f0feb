package proxies

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/cometbench/cometbench/internal/selfsigned"
)

// insideConn is a tunnel's client end, given to a server of its own; it brings
// the pools that hold the tunnel's upstream end.
type insideConn struct {
	net.Conn
	address string        // as the client asked for it
	opened  *http.Request // its CONNECT, as the faults passed it on
	secure  bool          // TLS ends here, and begins anew towards the origin
	pools   pools
	closed  chan struct{}
	once    sync.Once
}

func (c *insideConn) NetConn() net.Conn { return c.Conn }

func (c *insideConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.closed) })
	return err
}

// insideOf finds the tunnel that a client's connection is inside of, nil if
// there is none.
func insideOf(client net.Conn) *insideConn {
	for c := range layers(client) {
		if inside, ok := c.(*insideConn); ok {
			return inside
		}
	}
	return nil
}

// serveTunnels starts the servers of HTTP found inside CONNECT.
func (h *hop) serveTunnels() error {
	h.plainInside = newHandedListener(h.listener.Addr())
	h.inner = h.newServer(http.HandlerFunc(h.insideConnect))
	h.inner.Protocols = plainProtocols()
	for _, f := range h.faults {
		if f.hooks.Inspect && h.authority == nil {
			authority, err := selfsigned.NewAuthority("cometbench inspecting proxy, this run only")
			if err != nil {
				return err
			}
			h.authority = authority
			h.tlsInside = newHandedListener(h.listener.Addr())
			h.inspector = h.newServer(http.HandlerFunc(h.insideConnect))
			h.inspector.Protocols = tlsProtocols()
			h.inspector.TLSConfig = &tls.Config{GetCertificate: h.counterfeit}
		}
	}
	h.wg.Go(func() { _ = h.inner.Serve(h.plainInside) })
	if h.inspector != nil {
		h.wg.Go(func() { _ = h.inspector.ServeTLS(h.tlsInside, "", "") })
	}
	return nil
}

// inspects reports whether TLS inside this CONNECT is to be ended here.
func (h *hop) inspects(r *http.Request) bool {
	for _, f := range h.faults {
		if f.hooks.Inspect && f.matches(r) {
			return true
		}
	}
	return false
}

// rootsPEM is the authority that signs what an inspecting hop shows to clients;
// nil where it does not inspect.
func (h *hop) rootsPEM() []byte {
	if h.authority == nil {
		return nil
	}
	return h.authority.PEM
}

// counterfeit makes a certificate for the host that CONNECT asked for, whatever
// name the client says inside.
func (h *hop) counterfeit(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	inside := insideOf(hello.Conn)
	if inside == nil {
		return nil, fmt.Errorf("certificate for %s: no tunnel", quoteName(hello.ServerName))
	}
	host, _, _ := cutHostPort(inside.address)
	certificate, err := h.authority.Issue(host)
	return &certificate, err
}

// serveInside serves HTTP on a tunnel until the client's end is closed.
func (h *hop) serveInside(c *insideConn, upstream net.Conn, server *handedListener) {
	spare := make(chan net.Conn, 1)
	spare <- upstream
	c.pools = h.newPools(func(ctx context.Context, _, address string) (net.Conn, error) {
		if address == c.opened.Host {
			select {
			case unused := <-spare:
				return unused, nil
			default:
			}
		}
		return h.dialTunnel(ctx, address)
	})
	if server.hand(c) {
		<-c.closed
	}
	_ = c.Close()
	c.pools.closeIdle()
	select {
	case unused := <-spare:
		_ = unused.Close()
	default:
	}
}

// insideConnect handles the requests on such a tunnel.
func (h *hop) insideConnect(w http.ResponseWriter, r *http.Request) {
	h.counts.hits.Add(1)
	c := insideOf(clientOf(r.Context()))
	if c == nil || r.Method == http.MethodConnect || r.URL.IsAbs() {
		plainAnswer(w, http.StatusBadRequest, "inside a tunnel the request names a path")
		return
	}
	h.handle(w, r, h.tripper(r, c.pools), func(w http.ResponseWriter, out *http.Request) {
		out.URL.Scheme, out.URL.Host = "http", c.address
		if c.secure {
			out.URL.Scheme = "https"
		}
		exchangeOf(out.Context()).copy(w, out)
	})
}
