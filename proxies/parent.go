package proxies

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

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
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
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
