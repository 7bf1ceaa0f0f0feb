package proxies

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// httpVersions are those that a simulated hop speaks on either side.
func httpVersions() []string { return []string{"1.0", "1.1", "2"} }

// rootsOf reads the authorities to trust; nil are the system's.
func rootsOf(env Env) (*x509.CertPool, error) {
	if len(env.RootsPEM) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(env.RootsPEM) {
		return nil, errors.New("no certificate in the authorities to trust")
	}
	return pool, nil
}

// pools are the kept connections towards an origin.
type pools struct {
	requests *http.Transport
	upgrades *http.Transport // speaks HTTP/1.1 alone, which upgrades are a part of, and goes through a parent by tunnel
}

// newPools makes pools that dial in one way.
func (h *hop) newPools(dial Dialer) pools {
	p := pools{requests: h.newTransport(), upgrades: h.newTransport()}
	p.requests.DialContext, p.upgrades.DialContext = dial, dial
	p.upgrades.Protocols = onlyHTTP1()
	return p
}

// originPools makes the hop's own.
func (h *hop) originPools() pools {
	p := h.newPools(h.dial)
	if h.parent == nil {
		return p
	}
	p.upgrades.DialContext = h.dialThroughParent
	if h.back == "2" && h.origin.Scheme == "http" {
		// A parent understands absolute URIs in HTTP/1 only.
		p.requests.DialContext = h.dialThroughParent
	} else {
		p.requests.Proxy = http.ProxyURL(h.parent)
	}
	return p
}

func (p pools) closeIdle() {
	for _, t := range []*http.Transport{p.requests, p.upgrades} {
		if t != nil {
			t.CloseIdleConnections()
		}
	}
}

// newTransport makes a pool of kept connections towards the origin. It neither
// asks for compression nor undoes it.
func (h *hop) newTransport() *http.Transport {
	return &http.Transport{
		TLSClientConfig:        h.clientTLS(""),
		Protocols:              h.backProtocols(),
		HTTP2:                  &http.HTTP2Config{MaxReceiveBufferPerStream: maxUnread},
		DisableCompression:     true,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        60 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		// Large chunks in half the reads; each open stream holds as much.
		ReadBufferSize: 16 << 10,
	}
}

// maxUnread bounds what an HTTP/2 origin may send ahead of a client that does
// not read, in bytes for each stream. HTTP/1.1 leaves this to the kernel.
const maxUnread = 256 << 10

// clientTLS is what the hop is as a client; name "" is that of the URL.
func (h *hop) clientTLS(name string) *tls.Config {
	return &tls.Config{RootCAs: h.roots, ServerName: name}
}

func (h *hop) backProtocols() *http.Protocols {
	switch h.back {
	case "2":
		return onlyHTTP2()
	case "":
		return tlsProtocols() // without TLS there is no choice but 1.1
	}
	return onlyHTTP1()
}

// tripper chooses the pool for a request.
func (h *hop) tripper(r *http.Request, p pools) http.RoundTripper {
	t := p.requests
	if upgradeOf(r.Header) != "" {
		t = p.upgrades
	}
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		if h.back == "1.0" {
			r = inHTTP10(r)
		}
		if !wantsHTTP10(r.Context()) {
			return t.RoundTrip(r)
		}
		return roundTripHTTP10(p.upgrades.DialContext, h.clientTLS(r.URL.Hostname()), r)
	})
}

// dial opens a counted connection towards the origin through all Dial hooks.
func (h *hop) dial(ctx context.Context, network, address string) (net.Conn, error) {
	open := h.dialRaw
	for i, f := range h.faults {
		if f.hooks.Dial != nil && h.actsOnDial(ctx, i) {
			open = f.hooks.Dial(open)
		}
	}
	c, err := open(ctx, network, address)
	if err != nil {
		return nil, err
	}
	h.counts.upstream.Add(1)
	own := &dialedConn{Conn: c, hop: h}
	h.mu.Lock()
	h.dialed[own] = struct{}{}
	h.mu.Unlock()
	return own, nil
}

// actsOnDial reports whether the conditions of fault i hold for the exchange or
// the tunnel that needs the connection.
func (h *hop) actsOnDial(ctx context.Context, i int) bool {
	if ex := exchangeOf(ctx); ex != nil {
		return ex.isActive(i)
	}
	r, ok := ctx.Value(tunnelKey{}).(*http.Request)
	return ok && h.faults[i].matches(r)
}

// closeDialed closes what pools have not closed by themselves: they know that
// an HTTP/2 connection is idle only some time after its last stream has ended.
func (h *hop) closeDialed() {
	h.mu.Lock()
	var left []net.Conn
	for c := range h.dialed {
		left = append(left, c)
	}
	h.mu.Unlock()
	for _, c := range left {
		_ = c.Close()
	}
}

// dialedConn is forgotten when it is closed.
type dialedConn struct {
	net.Conn
	hop  *hop
	once sync.Once
}

func (c *dialedConn) NetConn() net.Conn { return c.Conn }

// CloseWrite is here because net/http asks for it and does not look below.
func (c *dialedConn) CloseWrite() error {
	closeWrite(c.Conn)
	return nil
}

func (c *dialedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.hop.mu.Lock()
		defer c.hop.mu.Unlock()
		delete(c.hop.dialed, c)
	})
	return err
}
