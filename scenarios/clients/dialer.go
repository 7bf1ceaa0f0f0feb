package clients

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// connectTimeout bounds opening a connection, handshakes with proxies included.
const connectTimeout = 30 * time.Second

// dialFunc opens a connection, as net.Dialer.DialContext does.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialer opens the connections of one subscription: numbers them, reports each
// and closes what is left when the subscription is over.
type dialer struct {
	tcp    dialFunc
	proxy  *url.URL // nil: none
	tls    *tls.Config
	events *reporter

	userAgent string        // for CONNECT
	wire      *measure.Wire // nil: nobody counts

	mu     sync.Mutex
	last   int // number of the newest connection
	open   map[*conn]struct{}
	cancel map[int]context.CancelFunc // of the dials under way
	dials  int
	wait   sync.WaitGroup
	closed bool
	deaf   bool // connections let nothing in
}

// conn is a numbered connection.
type conn struct {
	net.Conn
	number int
	dialer *dialer
}

// NetConn is what lies below.
func (c *conn) NetConn() net.Conn { return c.Conn }

// Read reads, and counts for whoever wants to know.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if w := c.dialer.wire; w != nil {
		w.In.Add(int64(n))
	}
	return n, err
}

// Write does so the other way. What is written counts before it is: the answer
// may be there sooner than Write returns.
func (c *conn) Write(p []byte) (int, error) {
	w := c.dialer.wire
	if w != nil {
		w.Out.Add(int64(len(p)))
	}
	n, err := c.Conn.Write(p)
	if w != nil {
		w.Out.Add(int64(n - len(p)))
	}
	return n, err
}

// Close closes the connection and forgets it.
func (c *conn) Close() error {
	c.dialer.mu.Lock()
	delete(c.dialer.open, c)
	c.dialer.mu.Unlock()
	return c.Conn.Close()
}

// numberOf finds the number of a connection below any layers of TLS, 0 if it
// is not one of ours.
func numberOf(c net.Conn) int {
	for {
		switch v := c.(type) {
		case *conn:
			return v.number
		case interface{ NetConn() net.Conn }:
			c = v.NetConn()
		default:
			return 0
		}
	}
}

// DialContext opens a TCP connection to address and reports it.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, err := d.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	raw, err := d.tcp(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		raw.Close()
		return nil, net.ErrClosed
	}
	d.last++
	c := &conn{Conn: raw, number: d.last, dialer: d}
	if d.open == nil {
		d.open = map[*conn]struct{}{}
	}
	d.open[c] = struct{}{}
	if d.deaf {
		makeDeaf(c, true)
	}
	d.mu.Unlock()
	d.events.emit(measure.Event{Kind: measure.Dial, Conn: c.number, Note: raw.RemoteAddr().String()})
	return c, nil
}

// number gives the next number to a connection that is not one of ours to
// keep, and reports it.
func (d *dialer) number(remote net.Addr) int {
	d.mu.Lock()
	d.last++
	n := d.last
	d.mu.Unlock()
	d.events.emit(measure.Event{Kind: measure.Dial, Conn: n, Note: remote.String()})
	return n
}

// begin registers a dial, so that close can end it and wait for it.
func (d *dialer) begin(cancel context.CancelFunc) (done func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, net.ErrClosed
	}
	if d.cancel == nil {
		d.cancel = map[int]context.CancelFunc{}
	}
	d.dials++
	n := d.dials
	d.cancel[n] = cancel
	d.wait.Add(1)
	return func() {
		d.mu.Lock()
		delete(d.cancel, n)
		d.mu.Unlock()
		d.wait.Done()
	}, nil
}

// close ends dials under way and closes every open connection. It returns when
// nothing is left.
func (d *dialer) close() {
	d.mu.Lock()
	d.closed = true
	for _, cancel := range d.cancel {
		cancel()
	}
	open := make([]*conn, 0, len(d.open))
	for c := range d.open {
		open = append(open, c)
	}
	d.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
	d.wait.Wait()
}
