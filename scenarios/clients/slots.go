package clients

import (
	"context"
	"net"
	"sync"
)

// slots bounds the sockets that several subscriptions hold open to the same
// address. Who finds all of them taken waits for one to be closed, first come
// first served.
type slots struct {
	most int // for each address

	mu     sync.Mutex
	places map[string]*places
}

// places are the sockets to one address.
type places struct {
	taken chan struct{} // holds one element for each open socket
	users int           // open sockets and those who wait
}

// take waits for a place at address. The returned function gives it back.
func (s *slots) take(ctx context.Context, address string) (release func(), err error) {
	s.mu.Lock()
	p := s.places[address]
	if p == nil {
		if s.places == nil {
			s.places = map[string]*places{}
		}
		p = &places{taken: make(chan struct{}, s.most)}
		s.places[address] = p
	}
	p.users++
	s.mu.Unlock()
	leave := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if p.users--; p.users == 0 {
			delete(s.places, address)
		}
	}
	select {
	case p.taken <- struct{}{}:
		return func() { <-p.taken; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// slotConn gives its place back when it is closed.
type slotConn struct {
	net.Conn
	release func()
}

// NetConn is what lies below.
func (c *slotConn) NetConn() net.Conn { return c.Conn }

// Close closes the connection.
func (c *slotConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}

// limited dials with dial, within the slots.
func (s *slots) limited(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		release, err := s.take(ctx, address)
		if err != nil {
			return nil, err
		}
		release = sync.OnceFunc(release)
		c, err := dial(ctx, network, address)
		if err != nil {
			release()
			return nil, err
		}
		return &slotConn{Conn: c, release: release}, nil
	}
}
