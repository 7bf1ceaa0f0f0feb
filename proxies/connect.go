package proxies

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// connect serves CONNECT. What the client says first decides: a plain HTTP
// request is served like any other, so that all faults apply; everything else
// (TLS above all) is tunnelled blindly.
func (h *hop) connect(w http.ResponseWriter, r *http.Request) {
	address := r.Host
	if host, port, ok := cutHostPort(address); !ok || host == "" || port == "" {
		plainAnswer(w, http.StatusBadRequest, "CONNECT wants host:port")
		return
	}
	if !h.allowed(address) {
		h.forbid(w, address)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), dialTimeout)
	upstream, err := h.dialTunnel(ctx, address)
	cancel()
	if err != nil {
		plainAnswer(w, http.StatusBadGateway, "bad gateway: "+err.Error())
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = upstream.Close()
		plainAnswer(w, http.StatusInternalServerError, err.Error())
		return
	}
	if !h.keep(client, upstream) {
		_ = client.Close()
		_ = upstream.Close()
		return
	}
	defer h.release(client, upstream)
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = client.Close()
		_ = upstream.Close()
		return
	}
	own := &prefixedConn{Conn: client, prefix: buffered.Reader}
	first, err := buffered.Reader.Peek(1)
	if err == nil && first[0] >= 'A' && first[0] <= 'Z' {
		h.serveInside(own, upstream, address)
		return
	}
	h.tunnelThrough(own, upstream, r)
}

// insideConn is a tunnel's client end, given to the inner server; it brings
// the pool that holds the tunnel's upstream end.
type insideConn struct {
	net.Conn
	address   string
	transport *http.Transport
	closed    chan struct{}
	once      sync.Once
}

func (c *insideConn) NetConn() net.Conn { return c.Conn }

func (c *insideConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.closed) })
	return err
}

// serveInside serves HTTP on a tunnel until the client's end is closed.
func (h *hop) serveInside(client, upstream net.Conn, address string) {
	spare := make(chan net.Conn, 1)
	spare <- upstream
	t := h.newTransport()
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		select {
		case c := <-spare:
			return c, nil
		default:
			return h.dialTunnel(ctx, address)
		}
	}
	c := &insideConn{Conn: client, address: address, transport: t, closed: make(chan struct{})}
	if h.tunnels.hand(c) {
		<-c.closed
	}
	_ = c.Close()
	t.CloseIdleConnections()
	select {
	case unused := <-spare:
		_ = unused.Close()
	default:
	}
}

// insideConnect handles the requests on such a tunnel.
func (h *hop) insideConnect(w http.ResponseWriter, r *http.Request) {
	h.counts.hits.Add(1)
	c, ok := r.Context().Value(connKey{}).(*insideConn)
	if !ok || r.Method == http.MethodConnect || r.URL.IsAbs() {
		plainAnswer(w, http.StatusBadRequest, "inside a tunnel the request names a path")
		return
	}
	h.handle(w, r, h.tripperOn(c.transport), func(w http.ResponseWriter, out *http.Request) {
		out.URL.Scheme, out.URL.Host = "http", c.address
		exchangeOf(out.Context()).copy(w, out)
	})
}

// past is a deadline that is over: it wakes whoever reads or writes.
var past = time.Unix(1, 0)

// dialTunnel opens a connection to address, through the parent if there is one.
func (h *hop) dialTunnel(ctx context.Context, address string) (net.Conn, error) {
	if h.parent == nil {
		return h.dial(ctx, "tcp", address)
	}
	return h.dialThroughParent(ctx, "tcp", address)
}

// dialThroughParent asks the parent proxy for a tunnel.
func (h *hop) dialThroughParent(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := h.dial(ctx, network, hostPort(h.parent))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(past) })
	defer stop()
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if auth := proxyAuthorization(h.parent); auth != "" {
		request += "Proxy-Authorization: " + auth + "\r\n"
	}
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("connect through %s: %w", h.parent.Host, err)
	}
	reader := bufio.NewReader(c)
	resp, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("connect through %s: %w", h.parent.Host, err)
	}
	if stop() {
		_ = c.SetDeadline(time.Time{})
	}
	return &prefixedConn{Conn: c, prefix: reader}, nil
}
