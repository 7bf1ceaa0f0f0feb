package proxies

import (
	"cmp"
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// memNet is a network inside one process, fit for a synctest bubble: writes
// never block, halves close apart, and a reset is seen as one.
type memNet struct {
	mu        sync.Mutex
	listeners map[string]*memListener
}

func newMemNet() *memNet { return &memNet{listeners: map[string]*memListener{}} }

func (n *memNet) listen(address string) *memListener {
	l := &memListener{net: n, addr: memAddr(address), conns: make(chan net.Conn), done: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[address] = l
	return l
}

func (n *memNet) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "mem", Err: syscall.ECONNREFUSED}
	}
	from, _ := ctx.Value(memFrom{}).(string)
	near, far := memPipe(cmp.Or(from, "client"), address)
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "mem", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close closes all listeners.
func (n *memNet) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.listeners {
		_ = l.Close()
	}
}

// discard listens at address and reads what comes, for good.
func (n *memNet) discard(address string) {
	l := n.listen(address)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c); c.Close() }()
		}
	}()
}

// memFrom is where a context says from which address to dial.
type memFrom struct{}

type memAddr string

func (a memAddr) Network() string { return "mem" }
func (a memAddr) String() string  { return string(a) }

type memListener struct {
	net   *memNet
	addr  memAddr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Addr() net.Addr { return l.addr }
func (l *memListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// memPipe returns both ends of a connection.
func memPipe(a, b string) (*memConn, *memConn) {
	ab, ba := newMemHalf(), newMemHalf()
	return &memConn{in: ba, out: ab, local: memAddr(a), remote: memAddr(b)},
		&memConn{in: ab, out: ba, local: memAddr(b), remote: memAddr(a)}
}

// memHalf carries one direction.
type memHalf struct {
	mu       sync.Mutex
	cond     *sync.Cond
	data     []byte
	ended    bool // FIN
	reset    bool
	closed   bool // the reader closed its own end
	deadline time.Time
}

func newMemHalf() *memHalf {
	h := &memHalf{}
	h.cond = sync.NewCond(&h.mu)
	return h
}

func (h *memHalf) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
	h.cond.Broadcast()
}

type memConn struct {
	in, out       *memHalf
	local, remote memAddr
	mu            sync.Mutex
	linger0       bool
	closed        bool
}

func (c *memConn) Read(p []byte) (int, error) {
	h := c.in
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.closed:
			return 0, net.ErrClosed
		case !h.deadline.IsZero() && !time.Now().Before(h.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(h.data) > 0:
			n := copy(p, h.data)
			h.data = h.data[n:]
			return n, nil
		case h.reset:
			return 0, syscall.ECONNRESET
		case h.ended:
			return 0, io.EOF
		}
		h.cond.Wait()
	}
}

func (c *memConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	h := c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case closed:
		return 0, net.ErrClosed
	case h.closed || h.reset:
		return 0, syscall.EPIPE
	case h.ended:
		return 0, net.ErrClosed
	}
	h.data = append(h.data, p...)
	h.cond.Broadcast()
	return len(p), nil
}

func (c *memConn) CloseWrite() error {
	c.out.set(func() { c.out.ended = true })
	return nil
}

func (c *memConn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger0 = sec == 0
	return nil
}

func (c *memConn) Close() error {
	c.mu.Lock()
	already, linger0 := c.closed, c.linger0
	c.closed = true
	c.mu.Unlock()
	if already {
		return net.ErrClosed
	}
	c.in.set(func() { c.in.closed = true })
	c.out.set(func() {
		c.out.ended = true
		c.out.reset = c.out.reset || linger0
	})
	return nil
}

func (c *memConn) LocalAddr() net.Addr  { return c.local }
func (c *memConn) RemoteAddr() net.Addr { return c.remote }

func (c *memConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.in.set(func() { c.in.deadline = t })
	if d := time.Until(t); !t.IsZero() && d > 0 {
		time.AfterFunc(d, c.in.cond.Broadcast)
	}
	return nil
}

func (c *memConn) SetWriteDeadline(time.Time) error { return nil }
