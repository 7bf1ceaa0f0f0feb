package proxies

import (
	"context"
	"net"
	"sync"
)

// activeConn is a client's connection that tells limits of all bytes on it,
// whatever they mean: pings of HTTP/2, records of TLS.
type activeConn struct {
	net.Conn
	mu      sync.Mutex
	watches map[*limitWatch]struct{}
}

func watchActivity(c net.Conn) net.Conn {
	return &activeConn{Conn: c, watches: map[*limitWatch]struct{}{}}
}

func (c *activeConn) NetConn() net.Conn { return c.Conn }

func (c *activeConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.touch(fromClient)
	}
	return n, err
}

func (c *activeConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.touch(fromOrigin)
	}
	return n, err
}

func (c *activeConn) touch(from string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.watches {
		w.touch(from)
	}
}

// follow makes the bytes of an exchange's connection count for w, until the
// exchange is over.
func (w *limitWatch) follow(ex *exchange) {
	for c := range layers(ex.client) {
		active, ok := c.(*activeConn)
		if !ok {
			continue
		}
		active.mu.Lock()
		active.watches[w] = struct{}{}
		active.mu.Unlock()
		context.AfterFunc(ex.in.Context(), func() {
			active.mu.Lock()
			defer active.mu.Unlock()
			delete(active.watches, w)
		})
		return
	}
}
