package clients

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
)

// http10 speaks HTTP/1.0, which net/http's transport does not: one connection
// per request, no chunked request, no keep-alive. Answers are read as they
// come, whatever version they claim.
type http10 struct {
	dial *dialer
}

// RoundTrip sends req and reads the head of its answer. Closing the body, or
// the end of the request's context, closes the connection.
func (t *http10) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx := req.Context()
	c, uri, err := t.open(ctx, req.URL)
	if err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: c})
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	resp, err := t.exchange(c, uri, req)
	if err != nil {
		stop()
		c.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	if secured, ok := c.(*tls.Conn); ok {
		state := secured.ConnectionState()
		resp.TLS = &state
	}
	resp.Body = &http10Body{connBody{Reader: resp.Body, conn: c}, stop, ctx}
	return resp, nil
}

// open connects to where a request for u goes, and says what its request line
// names.
func (t *http10) open(ctx context.Context, u *url.URL) (c net.Conn, uri string, err error) {
	uri = u.RequestURI()
	switch {
	case u.Scheme == "https":
		c, err = t.dial.tunnelTLS(ctx, "tcp", hostPort(u), false)
	case t.dial.proxy != nil:
		uri = u.Scheme + "://" + u.Host + uri
		c, err = t.dial.dialProxy(ctx)
	default:
		c, err = t.dial.DialContext(ctx, "tcp", hostPort(u))
	}
	return c, uri, err
}

func (t *http10) exchange(c net.Conn, uri string, req *http.Request) (*http.Response, error) {
	header := req.Header.Clone()
	header.Set("Connection", "close")
	if t.dial.proxy != nil && strings.Contains(uri, "://") {
		if auth := proxyAuthorization(t.dial.proxy); auth != "" {
			header.Set("Proxy-Authorization", auth)
		}
	}
	if req.ContentLength > 0 || req.Method == http.MethodPost {
		header.Set("Content-Length", strconv.FormatInt(max(req.ContentLength, 0), 10))
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	out := bufio.NewWriter(c)
	fmt.Fprintf(out, "%s %s HTTP/1.0\r\nHost: %s\r\n", methodOf(req), uri, host)
	if err := header.Write(out); err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	out.WriteString("\r\n")
	if req.Body != nil {
		if _, err := io.Copy(out, req.Body); err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	in := bufio.NewReaderSize(c, 32<<10)
	for {
		resp, err := http.ReadResponse(in, req)
		if err != nil {
			return nil, fmt.Errorf("read response: %w", err)
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
}

func methodOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// http10Body says why it broke when its request was given up.
type http10Body struct {
	connBody
	stop func() bool
	ctx  context.Context
}

// Read reads the body.
func (b *http10Body) Read(p []byte) (int, error) {
	n, err := b.connBody.Read(p)
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = b.ctx.Err()
	}
	return n, err
}

// Close closes the connection.
func (b *http10Body) Close() error {
	b.stop()
	return b.connBody.Close()
}
