package proxies

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// tlsHandshake is the first byte that a TLS client says.
const tlsHandshake = 0x16

// connect serves CONNECT. What the client says first decides: a plain HTTP
// request is served like any other, so that all faults apply, and so is one
// inside TLS where that is inspected; everything else is tunnelled blindly.
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
	upstream, opened, refusal, err := h.openTunnel(r)
	switch {
	case err != nil:
		plainAnswer(w, http.StatusBadGateway, "bad gateway: "+err.Error())
		return
	case refusal != nil:
		writeAnswer(w, refusal)
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
	inside := &insideConn{Conn: own, address: address, opened: opened, closed: make(chan struct{})}
	first, err := buffered.Reader.Peek(1)
	switch {
	case err == nil && first[0] >= 'A' && first[0] <= 'Z' && !isBlind(opened):
		h.serveInside(inside, upstream, h.plainInside)
	case err == nil && first[0] == tlsHandshake && h.inspects(r):
		inside.secure = true
		h.serveInside(inside, upstream, h.tlsInside)
	default:
		h.tunnelThrough(own, upstream, r)
	}
}

// openTunnel opens the connection of a tunnel through all Connect hooks. It
// returns the request as the last of them passed it on.
func (h *hop) openTunnel(r *http.Request) (upstream net.Conn, opened *http.Request, refusal *http.Response, err error) {
	open := Connector(func(r *http.Request) (net.Conn, *http.Response, error) {
		opened = r
		c, err := h.dialTunnel(r.Context(), r.Host)
		return c, nil, err
	})
	for _, f := range h.faults {
		if f.hooks.Connect != nil && f.matches(r) {
			open = f.hooks.Connect(open)
		}
	}
	upstream, refusal, err = open(r.WithContext(context.WithValue(r.Context(), tunnelKey{}, r)))
	var refused *refusedError
	if errors.As(err, &refused) {
		return nil, nil, ownAnswer(r, refused.status, refused.reason), nil
	}
	return upstream, opened, refusal, err
}

// tunnelKey is where a context holds the CONNECT that it belongs to.
type tunnelKey struct{}

// refusedError is why a Dial hook opens no connection, and what the client is
// told about it.
type refusedError struct {
	status int
	reason string
}

func (e *refusedError) Error() string { return e.reason }

// writeAnswer writes an answer of the proxy's own where no exchange exists.
func writeAnswer(w http.ResponseWriter, resp *http.Response) {
	defer resp.Body.Close()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}
