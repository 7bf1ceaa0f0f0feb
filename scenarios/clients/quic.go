package clients

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

const (
	// quicIdle is when a connection without any packet counts as dead, and
	// quicPing how often an otherwise silent one is kept from it: what
	// Chromium does while a request is under way.
	quicIdle = 30 * time.Second
	quicPing = 15 * time.Second
)

// quicDialer opens the QUIC connections of one subscription, each from a UDP
// socket of its own, as browsers do. They are numbered and reported along with
// the others of the subscription.
type quicDialer struct {
	dial   *dialer
	source net.IP // nil lets the system choose

	mu    sync.Mutex
	conns map[string]*quicConn // by local address, by which a trace shows them
}

type quicConn struct {
	*quic.Conn
	number    int
	transport *quic.Transport
}

// quicConfig is what both HTTP/3 and WebTransport dial with.
func quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: connectTimeout,
		MaxIdleTimeout:       quicIdle,
		KeepAlivePeriod:      quicPing,
	}
}

// Dial opens a connection, handshake included, and reports it. It has the form
// that http3.Transport wants.
func (d *quicDialer) Dial(ctx context.Context, address string, config *tls.Config, qc *quic.Config) (*quic.Conn, error) {
	c, err := d.open(ctx, address, config, qc)
	if err != nil {
		return nil, err
	}
	return c.Conn, nil
}

func (d *quicDialer) open(ctx context.Context, address string, config *tls.Config, qc *quic.Config) (*quicConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	done, err := d.dial.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	remote, err := resolveUDP(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: d.source})
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	c := &quicConn{transport: &quic.Transport{Conn: socket}}
	if c.Conn, err = c.transport.Dial(ctx, remote, config, qc); err != nil {
		c.transport.Close()
		socket.Close()
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	c.number = d.dial.number(remote)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetClosed()
	if d.conns == nil {
		d.conns = map[string]*quicConn{}
	}
	d.conns[c.LocalAddr().String()] = c
	return c, nil
}

// forgetClosed frees the sockets of connections that are over. A subscription
// that comes back for days must not keep one for each time.
func (d *quicDialer) forgetClosed() {
	for local, c := range d.conns {
		if c.Context().Err() != nil {
			c.close()
			delete(d.conns, local)
		}
	}
}

// numberOf finds the number of the connection that a trace shows.
func (d *quicDialer) numberOf(c net.Conn) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.conns[c.LocalAddr().String()]; ok {
		return c.number
	}
	return 0
}

// close closes every connection, and tells the far end.
func (d *quicDialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		c.close()
	}
	d.conns = nil
}

func (c *quicConn) close() {
	_ = c.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
	_ = c.transport.Close()
	_ = c.transport.Conn.Close()
}

// resolveUDP finds the first address of a host and port.
func resolveUDP(ctx context.Context, address string) (*net.UDPAddr, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, errors.New("no such host")
	}
	return &net.UDPAddr{IP: ips[0].IP, Zone: ips[0].Zone, Port: port}, nil
}

// http3Transport carries the requests of one subscription over HTTP/3.
type http3Transport struct {
	transport *http3.Transport
	dial      *quicDialer
}

func newHTTP3(d *quicDialer, config *tls.Config) *http3Transport {
	return &http3Transport{dial: d, transport: &http3.Transport{
		TLSClientConfig:    config.Clone(),
		QUICConfig:         quicConfig(),
		Dial:               d.Dial,
		DisableCompression: true,
	}}
}

// RoundTrip sends req and reads the head of its answer.
func (t *http3Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.transport.RoundTrip(req)
	if err == nil && resp.ContentLength > 0 {
		resp.Body = &countedBody{ReadCloser: resp.Body, left: resp.ContentLength}
	}
	return resp, err
}

// close closes all connections.
func (t *http3Transport) close() {
	_ = t.transport.Close()
	t.dial.close()
}
