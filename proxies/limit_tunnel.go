package proxies

import (
	"io"
	"net"
	"sync"
)

// tunnel limits two connections that are relayed.
func (l limit) tunnel(client, upstream net.Conn) (net.Conn, net.Conn) {
	w, s := &limitWatch{limit: l}, newSilence()
	w.onFire = func() {
		switch l.end {
		case endSilence:
			s.begin()
		case endRst:
			reset(client)
		default:
			_ = client.Close()
		}
		_ = upstream.Close()
	}
	w.start()
	return &limitedConn{Conn: client, watch: w, silent: s, client: true},
		&limitedConn{Conn: upstream, watch: w, silent: s}
}

// silence is the state of a tunnel whose upstream side is gone while its
// client side is kept open, until the client leaves.
type silence struct {
	began, left  chan struct{}
	begin, leave func()
}

func newSilence() *silence {
	s := &silence{began: make(chan struct{}), left: make(chan struct{})}
	s.begin = sync.OnceFunc(func() { close(s.began) })
	s.leave = sync.OnceFunc(func() { close(s.left) })
	return s
}

func (s *silence) active() bool {
	select {
	case <-s.began:
		return true
	default:
		return false
	}
}

// limitedConn is one side of a limited tunnel.
type limitedConn struct {
	net.Conn
	watch  *limitWatch
	silent *silence
	client bool
}

func (c *limitedConn) NetConn() net.Conn { return c.Conn }

// from is whose bytes are read from it.
func (c *limitedConn) from() string {
	if c.client {
		return fromClient
	}
	return fromOrigin
}

func (c *limitedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.watch.touch(c.from())
	}
	if err == nil {
		return n, nil
	}
	if c.client {
		c.silent.leave()
		return n, err
	}
	if c.silent.active() {
		<-c.silent.left
		return 0, io.EOF
	}
	return n, err
}

func (c *limitedConn) Write(p []byte) (int, error) {
	if !c.client && c.silent.active() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *limitedConn) Close() error {
	c.watch.stop()
	if c.client {
		c.silent.leave()
	}
	return c.Conn.Close()
}
