package proxies

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// link is what clients reach a hop through; it can be made to lose all packets.
type link interface {
	drop() error
	pass() error
}

// outageListener starts an outage with the first connection.
type outageListener struct {
	net.Listener
	link   link
	outage Outage

	mu     sync.Mutex
	began  bool
	over   bool // closed, no timer may act any more
	timers []*time.Timer
	err    error
}

func (l *outageListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began {
		return c, nil
	}
	l.began = true
	if l.outage.After == 0 {
		l.note(l.link.drop()) // before anything can be answered
	} else {
		l.later(l.outage.After, l.link.drop)
	}
	if l.outage.For > 0 {
		l.later(l.outage.After+l.outage.For, l.link.pass)
	}
	return c, nil
}

// later does something with the link unless the listener is closed before.
func (l *outageListener) later(after time.Duration, do func() error) {
	l.timers = append(l.timers, time.AfterFunc(after, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.over {
			l.note(do())
		}
	}))
}

func (l *outageListener) note(err error) {
	if err != nil {
		l.err = errors.Join(l.err, fmt.Errorf("outage: %w", err))
	}
}

// Close ends the outage's timers.
func (l *outageListener) Close() error {
	l.mu.Lock()
	l.over = true
	for _, t := range l.timers {
		t.Stop()
	}
	l.mu.Unlock()
	return l.Listener.Close()
}

// failure is what went wrong with the outage.
func (l *outageListener) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
