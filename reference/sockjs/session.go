package sockjs

import (
	"context"
	"sync"
	"time"
)

// Close codes that the protocol knows, and their reasons.
const (
	CodeInterrupted = 1002 // a receiver was cut by the network
	CodeStillOpen   = 2010 // the session has a receiver already
	CodeGoAway      = 3000 // the service has ended the session

	reasonInterrupted = "Connection interrupted"
	reasonStillOpen   = "Another connection still open"
	reasonGoAway      = "Go away!"
	reasonSlow        = "Too slow"
)

// Session is one client's session, whatever carries it. Its methods may be
// called from any goroutine.
type Session struct {
	terms   Terms
	timeout time.Duration
	forget  func() // after the timeout; nil for a session that is over with its socket

	ctx    context.Context // ends when the session is over
	cancel context.CancelFunc

	mu       sync.Mutex
	opened   bool   // the open frame was taken
	end      string // the close frame, "" while the session is open
	code     int    // in it
	reason   string // in it
	aborted  bool   // it was closed by Abort
	out, in  queue
	receiver *receiver
	timer    *time.Timer // until a session without receiver, or a closed one, is forgotten
}

func newSession(base context.Context, t Terms, timeout time.Duration, forget func()) *Session {
	s := &Session{terms: t, timeout: timeout, forget: forget}
	s.out.news, s.in.news = make(chan struct{}, 1), make(chan struct{}, 1)
	s.out.room, s.in.room = make(chan struct{}, 1), make(chan struct{}, 1)
	s.ctx, s.cancel = context.WithCancel(base)
	return s
}

// serve runs the service and returns when that has.
func (s *Session) serve() {
	defer s.Close(CodeGoAway, reasonGoAway)
	s.terms.Serve(s.ctx, s)
}

// Send queues messages for the client. The error is ErrClosed, or ErrSlow when
// too much waits already; that aborts the session, since messages would be
// missing from it.
func (s *Session) Send(messages ...Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range messages {
		if s.end != "" {
			return ErrClosed
		}
		if s.out.full(&s.terms) {
			s.abort(CodeGoAway, reasonSlow)
			return ErrSlow
		}
		s.out.add(m)
	}
	return nil
}

// Ready waits until Send would take a message. The error is the context's, or
// ErrClosed. One goroutine may wait at a time.
func (s *Session) Ready(ctx context.Context) error {
	for {
		s.mu.Lock()
		full, closed := s.out.full(&s.terms), s.end != ""
		s.mu.Unlock()
		switch {
		case closed:
			return ErrClosed
		case !full:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
		case <-s.out.room:
		}
	}
}

// Receive waits for a message of the client. The error is the context's, or
// ErrClosed when the session is over.
func (s *Session) Receive(ctx context.Context) (string, error) {
	for {
		s.mu.Lock()
		if len(s.in.messages) > 0 {
			m := s.in.take(1)[0]
			if len(s.in.messages) > 0 {
				rouse(s.in.news) // others may wait
			}
			s.mu.Unlock()
			return m.Text, nil
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-s.ctx.Done():
			return "", ErrClosed
		case <-s.in.news:
		}
	}
}

// Close closes the session: what waits goes out, then a close frame. The first
// code and reason stay.
func (s *Session) Close(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(code, reason)
}

// Abort closes the session without what waits, and breaks off a write that the
// client does not take. It does not block.
func (s *Session) Abort(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abort(code, reason)
}

// abort is Abort under the lock.
func (s *Session) abort(code int, reason string) {
	s.out.clear()
	s.aborted = s.aborted || s.end == ""
	s.finish(code, reason)
	if s.receiver != nil {
		s.receiver.interrupt()
	}
}

// finish is Close under the lock. The timeout of a closed session starts here
// and only here, so that asking for it does not keep it.
func (s *Session) finish(code int, reason string) {
	if s.end != "" {
		return
	}
	s.end, s.code, s.reason = closeFrame(code, reason), code, reason
	s.cancel()
	s.in.clear()
	rouse(s.out.news)
	s.forgetLater()
}

// deliver hands over what the client sent, all of it or nothing. The error is
// ErrClosed, or ErrSlow when the service is behind.
func (s *Session) deliver(texts []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.end != "":
		return ErrClosed
	case len(texts) > 0 && s.in.full(&s.terms):
		return ErrSlow
	}
	for _, text := range texts {
		s.in.add(Message{Text: text})
	}
	return nil
}

// attach makes r the receiver, unless there is one.
func (s *Session) attach(r *receiver) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiver != nil {
		return false
	}
	s.receiver = r
	if s.end == "" && s.timer != nil {
		s.timer.Stop()
	}
	rouse(s.out.news)
	return true
}

// detach takes r away. It comes before the answer ends, so that the client's
// next request finds the place free.
func (s *Session) detach(r *receiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiver != r {
		return
	}
	s.receiver = nil
	if s.end == "" {
		s.forgetLater()
	}
}

// interrupted says that the peer of r went away. What was on its way may be
// lost, so the session is over.
func (s *Session) interrupted(r *receiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiver == r {
		s.receiver = nil
	}
	s.out.clear()
	s.finish(CodeInterrupted, reasonInterrupted)
}

// forgetLater starts the timeout anew; the lock is held.
func (s *Session) forgetLater() {
	if s.forget == nil {
		return
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	s.timer = time.AfterFunc(s.timeout, s.timedOut)
}

func (s *Session) timedOut() {
	s.mu.Lock()
	busy := s.end == "" && s.receiver != nil // it came as the timer went off
	if !busy {
		s.out.clear()
		s.finish(CodeInterrupted, reasonInterrupted)
		s.timer.Stop()
	}
	s.mu.Unlock()
	if !busy {
		s.forget()
	}
}

// closed is the code and the reason of the close frame, 0 while there is none.
func (s *Session) closed() (code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code, s.reason
}

// piece is the next thing to say to the client.
type piece struct {
	frame    string
	messages []Message // in the frame
	sizes    []int     // bytes of each of them, for a Receipt
	last     bool      // it is the close frame
}

// frameBytes bounds the messages of one frame; the one that crosses it is still
// in it.
const frameBytes = 1 << 20

// next takes what is to be said now. ok is false when there is nothing.
func (s *Session) next() (p piece, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.opened:
		s.opened = true
		return piece{frame: openFrame}, true
	case len(s.out.messages) > 0:
		n, bytes := 0, 0
		for n < len(s.out.messages) && bytes < frameBytes {
			bytes += len(s.out.messages[n].Text)
			n++
		}
		p.messages = s.out.take(n)
		frame, sizes := appendArrayFrame(make([]byte, 0, bytes+bytes/8+16), p.messages)
		p.frame, p.sizes = string(frame), sizes
		return p, true
	case s.end != "":
		return piece{frame: s.end, last: true}, true
	}
	return piece{}, false
}
