package bayeux

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// Local is a client inside the process. It takes part like a remote one, and
// besides listens to /service channels, which is how a service is made.
type Local struct {
	session  *session
	listener func(Delivery)

	mu      sync.Mutex
	waiting []*Delivery
	busy    bool
}

// NewLocal makes a client whose id begins with prefix. listener is given what
// the client subscribes to, one at a time and in order, on the goroutine of a
// publisher: it must not block. It may publish, and subscribe. It fails when
// there are too many sessions and after Close.
func (s *Server) NewLocal(prefix string, listener func(Delivery)) (*Local, error) {
	ss, err := s.newSession(prefix)
	if err != nil {
		return nil, fmt.Errorf("new local client: %w", err)
	}
	l := &Local{session: ss, listener: listener}
	ss.local = l
	return l, nil
}

// ID is its session's id.
func (l *Local) ID() string { return l.session.id }

// Close ends it. Its listener may still be at work, and is not called again
// for what is published later.
func (l *Local) Close() { l.session.server.remove(l.session, endDisconnect) }

// Subscribe has a local client listen to a channel or pattern. The error is an
// *Error, as a remote client would be given it.
func (s *Server) Subscribe(pattern string, l *Local) error {
	switch {
	case !ValidPattern(pattern):
		return errBadChannel
	case isMeta(pattern), s.fedChannel(pattern) != "":
		return &Error{Code: 403, Args: []string{pattern}, Text: "subscribe_denied"}
	}
	if _, err := l.session.subscribe(pattern, "", nil); err != nil {
		return err
	}
	return nil
}

// Unsubscribe takes a pattern back.
func (s *Server) Unsubscribe(pattern string, l *Local) { l.session.unsubscribe(pattern) }

// Publish sends a JSON value to a channel, from a client or, when from is nil,
// from the server itself. id is the message's own and may be "". It fails for
// what is no channel, and for data that is no JSON.
func (s *Server) Publish(from *Local, channel string, data []byte, id string) error {
	d, err := newDelivery(channel, data, id)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	var sender *session
	if from != nil {
		d.From, sender = from.ID(), from.session
	}
	s.distribute(d, sender)
	return nil
}

// ErrGone says that there is no such session.
var ErrGone = errors.New("no such session")

// Deliver sends a JSON value to one session alone, whatever it subscribes to:
// how a service answers who asked, by [Delivery.From]. Errors are those of
// Publish, and ErrGone.
func (s *Server) Deliver(to, channel string, data []byte, id string) error {
	d, err := newDelivery(channel, data, id)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	ss := s.session(to)
	if ss == nil {
		return fmt.Errorf("deliver to %.40q: %w", to, ErrGone)
	}
	d.encode()
	ss.deliver(d)
	return nil
}

func newDelivery(channel string, data []byte, id string) (*Delivery, error) {
	if !ValidChannel(channel) || isMeta(channel) {
		return nil, errBadChannel
	}
	if !json.Valid(data) {
		return nil, errors.New("data is not JSON")
	}
	d := &Delivery{Channel: channel, Data: compact(data)}
	if id != "" {
		text, _ := json.Marshal(id) // a string
		d.ID = string(text)
	}
	return d, nil
}

// push gives the listener a message; while it is at work, whoever called it
// goes on with the next.
func (l *Local) push(d *Delivery) {
	l.mu.Lock()
	if len(l.waiting) >= l.session.server.cfg.MaxQueue {
		l.mu.Unlock()
		l.session.server.remove(l.session, endOverflow)
		return
	}
	l.waiting = append(l.waiting, d)
	if l.busy {
		l.mu.Unlock()
		return
	}
	l.busy = true
	for len(l.waiting) > 0 {
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.mu.Unlock()
		l.listener(*next)
		l.mu.Lock()
	}
	l.busy = false
	l.mu.Unlock()
}
