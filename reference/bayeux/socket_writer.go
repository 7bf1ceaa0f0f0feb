package bayeux

import (
	"context"
	"time"
)

// write brings what there is, whenever there is something.
func (k *socket) write(ctx context.Context) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	for {
		if err := k.bring(); err != nil {
			k.cancel(err)
			return
		}
		timer.Reset(k.nextLook())
		select {
		case <-ctx.Done():
			return
		case <-k.carrier.wake:
		case <-timer.C:
		}
	}
}

// nextLook is how long nothing is due by time alone.
func (k *socket) nextLook() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait := longest
	if k.connect != nil && !k.due.IsZero() {
		wait = min(wait, time.Until(k.due))
	}
	if k.options.RecycleAfter > 0 {
		wait = min(wait, time.Until(k.opened.Add(k.options.RecycleAfter)))
	}
	return max(0, wait)
}

// bring writes deliveries, and the connect's reply if it is due, if the
// session is over, or if deliveries go by nothing else.
func (k *socket) bring() error {
	k.mu.Lock()
	ss, p, due := k.session, k.connect, k.due
	k.mu.Unlock()
	if ss == nil || k.carrier.replaced.Load() {
		if k.carrier.replaced.Load() && p != nil {
			return errOver // another transport has the session now
		}
		return k.recycle()
	}
	if ss.acks && p == nil && ss.over() == alive {
		return k.recycle() // they wait for the next connect
	}
	ds, number := ss.take()
	over := ss.over()
	answer := p != nil && (over != alive || ss.acks && len(ds) > 0 || !due.IsZero() && !time.Now().Before(due))
	x := exchange{Server: k.Server}
	if answer {
		k.mu.Lock()
		k.connect = nil
		k.mu.Unlock()
		x.replies = []reply{p.finish(k.Server, ss, number)}
	}
	if len(ds)+len(x.replies) > 0 {
		body := x.body(ds, x.replies, true)
		if err := k.send(body, ds); err != nil {
			return err
		}
		if answer && len(ds) == 0 {
			k.options.heartbeat(len(body))
		}
	}
	if answer {
		ss.connected(p.interval)
	}
	switch over {
	case alive:
		return k.recycle()
	case endShutdown:
		return errStopped
	case endDisconnect:
		return nil // the client closes, or the deadline does
	}
	return errOver
}

// recycle ends the socket when it has carried enough, or for long enough.
func (k *socket) recycle() error {
	k.sending.Lock()
	sent := k.sent
	k.sending.Unlock()
	if n := k.options.RecycleBytes; n > 0 && sent >= n {
		return errRecycled
	}
	if d := k.options.RecycleAfter; d > 0 && time.Since(k.opened) >= d {
		return errRecycled
	}
	return nil
}
