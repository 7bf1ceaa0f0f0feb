package proxies

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// Relay passes bytes to one target and back, changes none, and counts. It
// stands in front of a proxy that is not ours, to prove that it was used.
type Relay struct {
	target   string
	dialer   Dialer
	listener net.Listener
	ctx      context.Context
	stop     context.CancelFunc
	wg       sync.WaitGroup

	accepted, connected, undelivered, delivered, answered, open atomic.Int64

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

// RelayStats are a relay's counters, in connections since the start.
type RelayStats struct {
	Accepted    int // from clients
	Connected   int // to the target
	Undelivered int // the target could not be reached
	Delivered   int // at least a byte of the client's went to the target
	Answered    int // and at least a byte came back
	Open        int // from clients, now
}

// NewRelay relays from a free loopback port to target, a host:port. It lives
// until Close, whatever happens to ctx afterwards.
func NewRelay(ctx context.Context, target string) (*Relay, error) {
	return startRelay(ctx, "", target)
}

func startRelay(ctx context.Context, address, target string) (*Relay, error) {
	listener, err := listen(ctx, address)
	if err != nil {
		return nil, err
	}
	return relayOn(listener, (&net.Dialer{Timeout: dialTimeout}).DialContext, target), nil
}

func relayOn(listener net.Listener, dial Dialer, target string) *Relay {
	r := &Relay{target: target, dialer: dial, listener: listener, conns: map[net.Conn]struct{}{}}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.wg.Go(r.serve)
	return r
}

// Addr is where clients connect, a host:port.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Stats returns the counters.
func (r *Relay) Stats() RelayStats {
	return RelayStats{
		Accepted:    int(r.accepted.Load()),
		Connected:   int(r.connected.Load()),
		Undelivered: int(r.undelivered.Load()),
		Delivered:   int(r.delivered.Load()),
		Answered:    int(r.answered.Load()),
		Open:        int(r.open.Load()),
	}
}

func (r *Relay) serve() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.accepted.Add(1)
		r.open.Add(1)
		r.wg.Go(func() {
			defer r.open.Add(-1)
			r.relay(c)
		})
	}
}

func (r *Relay) relay(client net.Conn) {
	defer r.forget(client)
	if !r.remember(client) {
		return
	}
	target, err := r.dialer(r.ctx, "tcp", r.target)
	if err != nil {
		r.undelivered.Add(1)
		reset(client)
		return
	}
	r.connected.Add(1)
	defer r.forget(target)
	if !r.remember(target) {
		return
	}
	var delivered, answered sync.Once
	pump(client, &observedConn{
		Conn:    target,
		written: func() { delivered.Do(func() { r.delivered.Add(1) }) },
		read:    func() { answered.Do(func() { r.answered.Add(1) }) },
	})
}

func (r *Relay) remember(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.conns[c] = struct{}{}
	return true
}

func (r *Relay) forget(c net.Conn) {
	_ = c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}

// Close ends all connections and waits for them.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.closed = true
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.stop()
	_ = r.listener.Close() // a second Close has nothing left to fail at
	r.wg.Wait()
	return nil
}

// observedConn tells of bytes that passed.
type observedConn struct {
	net.Conn
	written, read func()
}

func (c *observedConn) NetConn() net.Conn { return c.Conn }

func (c *observedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.written()
	}
	return n, err
}

func (c *observedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.read()
	}
	return n, err
}
