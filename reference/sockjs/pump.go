package sockjs

import (
	"context"
	"time"
)

// receiver is one request, or one socket, that a session has for receiving.
type receiver struct {
	// interrupt breaks a blocked write off. It is called under the session's
	// lock, and never after detach.
	interrupt func()
}

// outlet is where a receiver's pieces go.
type outlet interface {
	// send hands a piece to the kernel and returns how many bytes that were.
	send(p piece) (n int, err error)
}

// Reasons for the end of a stream that the session survives.
const (
	endedBytes = "recycle-bytes"
	endedAge   = "recycle-time"
	answered   = "answered"
)

// pump says what a session has to say, until that is over, or limit or age is
// reached (0 and below is never). The error is the context's or that of a write: the
// peer is gone.
func pump(ctx context.Context, s *Session, out outlet, to Receipt, limit int64, age time.Duration) (reason string, err error) {
	opened := time.Now()
	spoke := opened
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for sent := int64(0); ; {
		p, ok := s.next()
		if !ok {
			now := time.Now()
			switch {
			case age > 0 && now.Sub(opened) >= age:
				return endedAge, nil
			case s.terms.Heartbeat > 0 && now.Sub(spoke) >= s.terms.Heartbeat:
				p = piece{frame: heartbeatFrame}
			default:
				if err := wait(ctx, s, timer, soonest(s.terms.Heartbeat, spoke, age, opened, now)); err != nil {
					return "", err
				}
				continue
			}
		}
		n, err := out.send(p)
		if err != nil {
			return "", err
		}
		spoke = time.Now()
		sent += int64(n)
		p.tell(to, n)
		switch {
		case p.last:
			_, reason := s.closed()
			return reason, nil
		case ctx.Err() != nil: // writes into a buffer do not fail
			return "", ctx.Err()
		case limit > 0 && sent >= limit:
			return endedBytes, nil
		}
	}
}

// wait returns when there may be something to say, or when it is time to look;
// the error is the context's.
func wait(ctx context.Context, s *Session, timer *time.Timer, until time.Duration) error {
	timer.Reset(until)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.out.news:
	case <-timer.C:
	}
	return nil
}

// soonest is the time until the next heartbeat or the end of a stream, an hour
// at most.
func soonest(heartbeat time.Duration, spoke time.Time, age time.Duration, opened, now time.Time) time.Duration {
	d := time.Hour
	if heartbeat > 0 {
		d = min(d, heartbeat-now.Sub(spoke))
	}
	if age > 0 {
		d = min(d, age-now.Sub(opened))
	}
	return d
}

// tell says that a piece of n bytes was sent. What framed the messages counts
// for the last of them.
func (p piece) tell(to Receipt, n int) {
	if p.frame == heartbeatFrame {
		to.Heartbeat(n)
	}
	rest := n
	for _, size := range p.sizes {
		rest -= size
	}
	for i, m := range p.messages {
		size := p.sizes[i]
		if i == len(p.messages)-1 {
			size += rest
		}
		to.Sent(m, size)
	}
}
