package reference

import (
	"context"
	"errors"
	"time"
)

const (
	batch       = 64               // messages taken from the log at once
	endAllowed  = 2 * time.Second  // for the last notice to a slow reader
	recycleSlip = 10 * time.Second // after recycle_after a write that is still blocked is broken off
	endPadding  = 1 << 20          // a declared length is filled up with at most so many spaces
	keepFrame   = 64 << 10         // a larger frame buffer is not kept between messages
)

// stream drives one subscription over one outlet. The engine-independent parts
// (position, queue, Lifetime, record) are the subscription's; what a frame
// looks like is the framer's.
type stream struct {
	sub  *Subscription
	f    Framer
	out  outlet
	life Lifetime
	sent int // messages
	buf  []byte
}

// errBroken ends a stream that was to be broken off.
var errBroken = errors.New("broken off")

func newStream(sub *Subscription, f Framer, out outlet, length int64) *stream {
	p := &sub.Params
	return &stream{sub: sub, f: f, out: out, life: Lifetime{
		Heartbeat: p.Heartbeat, RecycleAfter: p.RecycleAfter, RecycleBytes: p.RecycleBytes, Limit: p.Limit,
		Length: length, EarlyClose: sub.EarlyClose, CloseAfter: p.CloseAfter,
	}}
}

// run serves the subscription until it ends, and returns the reason of its end
// notice. An error means that there was no end notice: the peer is gone (the
// context's error, or the write's) or too slow to be told.
func (s *stream) run(ctx context.Context) (reason string, err error) {
	s.sub.queue.interrupts(s.out.interrupt)
	defer s.sub.queue.interrupts(nil)
	if s.life.RecycleAfter > 0 {
		s.out.allow(s.life.RecycleAfter + recycleSlip)
	}
	reason, err = s.follow(ctx)
	// net/http cancels the request's context when a write fails, so the error
	// tells what happened, not the context.
	switch {
	case err == nil:
		s.sub.ended(reason)
	case errors.Is(err, errAsked):
		s.sub.ended(noteCut)
	case errors.Is(err, errBroken):
		s.sub.ended(errBroken.Error())
	case s.sub.queue.overrun(): // the interrupt broke the write off
		s.sub.ended(ReasonSlow)
	case errors.Is(err, context.Canceled):
		s.sub.aborted("context: " + context.Cause(ctx).Error())
	default:
		s.sub.aborted("write: " + err.Error())
	}
	return reason, err
}

func (s *stream) follow(ctx context.Context) (reason string, err error) {
	if err := s.waitForHello(ctx); err != nil {
		return "", err
	}
	s.buf = s.f.Open(s.buf[:0], s.sub.hello())
	if err := s.out.send(s.buf, true); err != nil {
		return "", err
	}
	prelude := s.sub.Params.Prelude
	s.life.Open(time.Now(), prelude, len(s.buf)-prelude)

	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		detached := s.sub.Detached() // before the pump: what was published until then goes out
		reason, err := s.pump(ctx)
		if err != nil {
			return "", err
		}
		if reason == "" {
			reason = detached
		}
		if reason == "" {
			reason, err = s.tick()
			if err != nil {
				return "", err
			}
		}
		if reason != "" {
			return reason, s.end(reason)
		}
		var late <-chan time.Time
		if at, ok := s.life.Next(); ok {
			timer.Reset(time.Until(at))
			late = timer.C
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-s.sub.wake:
		case <-late:
		}
	}
}

// pump writes all there is, and returns a reason when that ends the stream.
func (s *stream) pump(ctx context.Context) (reason string, err error) {
	for {
		if s.sub.queue.overrun() {
			return ReasonSlow, nil
		}
		gap, msgs := s.sub.next(batch)
		if gap != nil {
			if reason, err := s.control(*gap); reason != "" || err != nil {
				return reason, err
			}
			continue
		}
		if len(msgs) == 0 {
			return "", nil
		}
		for _, m := range msgs {
			if reason, err := s.message(m); reason != "" || err != nil {
				return reason, err
			}
			if s.sub.queue.overrun() {
				return ReasonSlow, nil
			}
			if ctx.Err() != nil { // writes into a buffer do not fail
				return "", ctx.Err()
			}
		}
	}
}

// tick does what time asks for.
func (s *stream) tick() (reason string, err error) {
	step := s.life.Step(time.Now())
	if step.End != "" || !step.Heartbeat {
		return step.End, nil
	}
	return s.control(Control{Kind: ControlHeartbeat, AtUS: s.sub.hub.nowUS()})
}

func (s *stream) message(m *Message) (reason string, err error) {
	s.buf = s.f.Message(s.buf[:0], m)
	if !s.fits() {
		return s.doesNotFit(m)
	}
	if s.sent++; s.sent == s.sub.Params.Break {
		if err := s.out.breakOff(s.buf); err != nil {
			return "", err
		}
		return "", errBroken
	}
	if err := s.out.send(s.buf, s.sub.Params.Flush); err != nil {
		return "", err
	}
	s.sub.taken(m)
	s.sub.wrote(m, len(s.buf))
	if s.sub.Params.Fail == failCut {
		return "", errAsked
	}
	now := time.Now()
	s.life.Message(now, len(s.buf))
	if cap(s.buf) > keepFrame {
		s.buf = nil
	}
	return s.life.Step(now).End, nil
}

// control writes a gap notice or a heartbeat.
func (s *stream) control(c Control) (reason string, err error) {
	s.buf = s.f.Control(s.buf[:0], c)
	if !s.fits() {
		return ReasonRecycleBytes, nil
	}
	if len(s.buf) > 0 {
		err = s.out.send(s.buf, true)
	} else {
		err = s.out.heartbeat()
	}
	if err != nil {
		return "", err
	}
	s.sub.said(c, len(s.buf))
	now := time.Now()
	s.life.Wrote(now, len(s.buf))
	return s.life.Step(now).End, nil
}

// end writes the end notice, and fills a declared length up.
func (s *stream) end(reason string) error {
	if reason == ReasonSlow || reason == ReasonShutdown {
		s.out.allow(endAllowed)
	} else {
		s.out.allow(answerAllowed)
	}
	s.buf = s.f.Close(s.buf[:0], s.sub.end(reason))
	s.life.Wrote(time.Now(), len(s.buf))
	if n := s.life.Remaining(); n > 0 && n <= endPadding {
		s.buf = appendSpaces(s.buf, int(n))
	}
	return s.out.send(s.buf, true)
}

// fits reports whether the frame in the buffer leaves room for the end notice.
func (s *stream) fits() bool { return s.life.Length == 0 || s.life.Fits(len(s.buf), s.endSize()) }

// endSize is the length of the longest end notice.
func (s *stream) endSize() int { return len(s.f.Close(nil, s.sub.end(ReasonRecycleBytes))) }

// doesNotFit ends the stream, so that the message waits for the next request.
// One that fits in no stream of this length would wait for ever and hold up
// the rest: it is left out with a gap notice.
func (s *stream) doesNotFit(m *Message) (reason string, err error) {
	if s.life.NeverFits(len(s.buf), s.endSize()) {
		return s.control(*s.sub.skip(m.Seq))
	}
	return ReasonRecycleBytes, nil
}
