package clients

import (
	"errors"
	"net"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CanVanish returns why the client cannot disappear, or nil.
func (*Go) CanVanish(s measure.Subscription) error { return canVanish(s) }

// CanCount returns why the client cannot count bytes, or nil.
func (*Go) CanCount(s measure.Subscription) error { return canCount(s) }

// CanVanish returns why the model cannot disappear, or nil.
func (*Model) CanVanish(s measure.Subscription) error { return canVanish(s) }

// CanCount returns why the model cannot count bytes, or nil.
func (*Model) CanCount(s measure.Subscription) error { return canCount(s) }

var (
	_ measure.Vanisher = (*Go)(nil)
	_ measure.Counter  = (*Go)(nil)
	_ measure.Vanisher = (*Model)(nil)
	_ measure.Counter  = (*Model)(nil)
)

func canVanish(s measure.Subscription) error {
	if s.Target.HTTP == "3" {
		return errors.New("a client disappears by its TCP sockets, and HTTP/3 has none")
	}
	return errVanish
}

func canCount(s measure.Subscription) error {
	if s.Target.HTTP == "3" {
		return errors.New("bytes are counted on TCP connections, and HTTP/3 has none")
	}
	return nil
}

// supported is what c.Supports says, and whether c can do what else is asked.
func supported(c interface {
	measure.Vanisher
	measure.Counter
}, s measure.Subscription) error {
	if err := c.Supports(s); err != nil {
		return err
	}
	if s.Vanish != nil {
		if err := c.CanVanish(s); err != nil {
			return err
		}
	}
	if s.Wire != nil {
		return c.CanCount(s)
	}
	return nil
}

// vanishAt makes every connection deaf once gone is closed. The returned
// function ends that and gives the connections their hearing back, so that
// closing them leaves nothing behind in the kernel.
func (d *dialer) vanishAt(gone <-chan struct{}) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-gone:
			d.setDeaf(true)
		case <-over:
			return
		}
		<-over
		d.setDeaf(false)
	}()
	return func() {
		close(over)
		<-ended
	}
}

// setDeaf changes all connections, and those that are opened from now on.
func (d *dialer) setDeaf(deaf bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deaf = deaf
	for c := range d.open {
		makeDeaf(c, deaf)
	}
}

// makeDeaf does so for the socket under c, if it is still there.
func makeDeaf(c net.Conn, deaf bool) {
	for {
		switch v := c.(type) {
		case *net.TCPConn:
			_ = v.SetKeepAlive(!deaf) // whoever disappeared asks nobody
			if raw, err := v.SyscallConn(); err == nil {
				deafen(raw, deaf)
			}
			return
		case interface{ NetConn() net.Conn }:
			c = v.NetConn()
		default:
			return
		}
	}
}
