package proxies

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
)

// counts are a hop's counters.
type counts struct {
	hits, accepted, upstream, open atomic.Int64
	crashed                        atomic.Int64 // handlers that panicked without meaning to
}

func (c *counts) stats() Stats {
	return Stats{
		Hits:        int(c.hits.Load()),
		Accepted:    int(c.accepted.Load()),
		Upstream:    int(c.upstream.Load()),
		OpenClients: int(c.open.Load()),
	}
}

// countingListener counts connections and applies the Conn hooks.
type countingListener struct {
	net.Listener
	counts *counts
	faults []*applied
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.counts.accepted.Add(1)
	l.counts.open.Add(1)
	c = &countedConn{Conn: c, open: &l.counts.open}
	for _, f := range slices.Backward(l.faults) {
		if f.hooks.Conn != nil {
			c = f.hooks.Conn(c)
		}
	}
	return c, nil
}

// countedConn is counted as open until it is closed.
type countedConn struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *countedConn) NetConn() net.Conn { return c.Conn }

func (c *countedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.open.Add(-1) })
	return err
}

// handedListener accepts connections that are handed to it.
type handedListener struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHandedListener(addr net.Addr) *handedListener {
	return &handedListener{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

// hand gives c to whoever accepts; it reports false when the listener is closed.
func (l *handedListener) hand(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.done:
		return false
	}
}

func (l *handedListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *handedListener) Addr() net.Addr { return l.addr }

func (l *handedListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}
