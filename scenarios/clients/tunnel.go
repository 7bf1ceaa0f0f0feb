package clients

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// TunnelContext opens a connection to address through the proxy by CONNECT, or
// directly when there is no proxy. A refusal is a *refusedError.
func (d *dialer) TunnelContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.proxy == nil {
		return d.DialContext(ctx, network, address)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, err := d.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	c, err := d.dialProxy(ctx)
	if err != nil {
		return nil, err
	}
	ctx, late := context.WithTimeout(ctx, connectTimeout)
	defer late()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	out, err := d.connect(c, address)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return out, nil
}

// dialProxy connects to the proxy itself, by TLS if its URL says https.
func (d *dialer) dialProxy(ctx context.Context) (net.Conn, error) {
	c, err := d.DialContext(ctx, "tcp", hostPort(d.proxy))
	if err != nil || d.proxy.Scheme != "https" {
		return c, err
	}
	return d.secure(ctx, c, d.proxy.Hostname(), false)
}

// tunnelTLS shakes hands with the server at address, through the proxy.
func (d *dialer) tunnelTLS(ctx context.Context, network, address string, http2 bool) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	c, err := d.TunnelContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return d.secure(ctx, c, host, http2)
}

// secure shakes hands over c, which is closed if that fails.
func (d *dialer) secure(ctx context.Context, c net.Conn, host string, http2 bool) (net.Conn, error) {
	config := d.tls.Clone()
	config.ServerName = host
	want := "http/1.1"
	if http2 {
		want = "h2"
	}
	config.NextProtos = []string{want}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	tc := tls.Client(c, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("tls handshake with %s, offering %s: %w", host, want, err)
	}
	if chosen := tc.ConnectionState().NegotiatedProtocol; http2 && chosen != want {
		tc.Close()
		return nil, fmt.Errorf("%s does not speak HTTP/2: of the offer %s it chose %q", host, want, chosen)
	}
	return tc, nil
}

func (d *dialer) connect(c net.Conn, address string) (net.Conn, error) {
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: address},
		Host:   address,
		Header: http.Header{"User-Agent": {d.userAgent}},
	}
	if auth := proxyAuthorization(d.proxy); auth != "" {
		req.Header.Set("Proxy-Authorization", auth)
	}
	if err := req.Write(c); err != nil {
		return nil, fmt.Errorf("connect through proxy: %w", err)
	}
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, req)
	if err != nil {
		return nil, fmt.Errorf("connect through proxy: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &refusedError{resp: resp, excerpt: bodyExcerpt(&connBody{Reader: resp.Body, conn: c}), conn: numberOf(c)}
	}
	if n := in.Buffered(); n > 0 { // the far end spoke at once
		early, _ := in.Peek(n)
		return &earlyConn{Conn: c, early: early}, nil
	}
	return c, nil
}

// refusedError is a proxy's answer to CONNECT that is not 200.
type refusedError struct {
	resp    *http.Response
	excerpt string
	conn    int
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("proxy refused CONNECT: %s: %s", e.resp.Status, e.excerpt)
}

// connBody is a body whose Close closes its connection. The body that
// http.ReadResponse returns would read on to its end first.
type connBody struct {
	io.Reader
	conn net.Conn
}

// Close closes the connection.
func (b *connBody) Close() error { return b.conn.Close() }

// earlyConn first gives what was read along with the proxy's answer.
type earlyConn struct {
	net.Conn
	early []byte
}

func (c *earlyConn) Read(p []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.early)
	c.early = c.early[n:]
	return n, nil
}

// NetConn is what lies below.
func (c *earlyConn) NetConn() net.Conn { return c.Conn }

func proxyAuthorization(proxy *url.URL) string {
	if proxy.User == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password))
}

// hostPort is the address to dial for u.
func hostPort(u *url.URL) string {
	if port := u.Port(); port != "" {
		return net.JoinHostPort(u.Hostname(), port)
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	return net.JoinHostPort(u.Hostname(), strconv.Itoa(port))
}

// bodyExcerpt reads the beginning of an error page, for at most a second, and
// closes the body.
func bodyExcerpt(body io.ReadCloser) string {
	late := time.AfterFunc(time.Second, func() { body.Close() })
	defer late.Stop()
	defer body.Close()
	b, _ := io.ReadAll(io.LimitReader(body, 1024))
	return excerpt(b)
}
