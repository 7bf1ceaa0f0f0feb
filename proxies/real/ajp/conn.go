package ajp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// conn is one connection of the web server. It carries one request at a time.
type conn struct {
	adapter *Adapter
	nc      net.Conn
	ctx     context.Context // over when the web server is gone
	cancel  context.CancelFunc
	// packets are the payloads that came, in order. Two may come without being
	// asked for, a request and the beginning of its body.
	packets chan []byte

	mu sync.Mutex // guards writing
}

// unasked is how many packets may wait to be looked at.
const unasked = 2

func newConn(a *Adapter, nc net.Conn) *conn {
	c := &conn{adapter: a, nc: nc, packets: make(chan []byte, unasked)}
	c.ctx, c.cancel = context.WithCancel(a.ctx)
	return c
}

// serve answers until either side is done with the connection. Reading goes on
// all the while, because that is the only way to hear that the web server has
// left.
func (c *conn) serve() {
	var reading sync.WaitGroup
	defer reading.Wait()
	defer c.nc.Close()
	defer c.cancel()
	stop := context.AfterFunc(c.adapter.ctx, func() { c.nc.Close() })
	defer stop()
	reading.Go(func() {
		defer c.cancel()
		c.read()
	})
	for {
		select {
		case payload := <-c.packets:
			if !c.answer(payload) {
				return
			}
		case <-c.ctx.Done():
			return
		}
	}
}

// read takes packets from the connection until it ends or breaks the protocol,
// as one does that sends what was not asked for.
func (c *conn) read() {
	r := bufio.NewReaderSize(c.nc, maxPacket)
	for {
		payload, err := readPacket(r, func() error { return c.nc.SetReadDeadline(time.Now().Add(packetWait)) })
		if err != nil {
			return
		}
		if err := c.nc.SetReadDeadline(time.Time{}); err != nil {
			return
		}
		select {
		case c.packets <- payload:
		default:
			return
		}
	}
}

// answer deals with the packet that begins something, and reports whether
// another may follow. What it does not know, a request to shut down among it,
// ends the connection.
func (c *conn) answer(payload []byte) bool {
	if len(payload) == 0 {
		return false
	}
	switch payload[0] {
	case codeCPing:
		return c.write(appendCPong(nil)) == nil
	case codeForwardRequest:
		q, err := parseForward(payload)
		if err != nil {
			return false
		}
		reuse, err := c.exchange(q)
		if err == nil && !reuse {
			c.linger()
		}
		return err == nil && reuse
	}
	return false
}

// lingerWait bounds how long the web server may take to close a connection that
// is not to be used again.
const lingerWait = 2 * time.Second

// linger waits for the web server to close first. To close with a part of the
// request's body unread would reset the connection, and with it what was
// answered and not yet read.
func (c *conn) linger() {
	if half, ok := c.nc.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		return
	}
	timer := time.NewTimer(lingerWait)
	defer timer.Stop()
	for {
		select {
		case <-c.packets:
		case <-timer.C:
			return
		case <-c.ctx.Done():
			return
		}
	}
}

// write sends whole packets.
func (c *conn) write(packets []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.nc.Write(packets)
	return err
}

var errGone = errors.New("ajp: the web server is gone")
