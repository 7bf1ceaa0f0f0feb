package scenarios

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// abortWait is how long the origin may take to learn that a client left.
const abortWait = 2 * time.Second

// abortTrial makes the client leave a silent exchange, waits for the origin to
// learn of it, then writes into the void to see whether a write tells it. The
// second part (streams and sockets only) leaves while messages flow.
func abortTrial() Trial {
	return Trial{Name: "abort", Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		silent, err := b.abandoned(ctx, "silent", 0)
		if err != nil {
			return nil, err
		}
		silent.Parts = []*Evidence{silent}
		if !b.Technique.Polls() {
			active, err := b.abandoned(ctx, "active", 4)
			if err != nil {
				return nil, err
			}
			silent.Parts = append(silent.Parts, active)
		}
		return silent, nil
	}}
}

func (b *Bench) abandoned(ctx context.Context, part string, before int) (*Evidence, error) {
	x := b.open(ctx, part, unrecycled(), false)
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	if !b.Technique.Polls() {
		x.log.wait(ctx, lingerWait/4, x.done, has(measure.Prelude))
	}
	if before > 0 {
		if err := x.schedule(ctx, before, 50*time.Millisecond, smallMessage); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
	} else {
		if b.Technique.Polls() {
			x.held(ctx)
		}
		if err := sleepUntil(ctx, time.Now().Add(200*time.Millisecond)); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
	}
	x.leave()
	select {
	case <-x.done:
	case <-time.After(leaveWait):
		return x.finish(ctx) // gives the error
	}
	if !x.noticed(ctx, abortWait) {
		// A write after the client left: the first may still be taken by a
		// proxy's socket, the second meets the reset.
		for range 3 {
			if err := x.publish(ctx, time.Now(), smallMessage(0)); err != nil {
				return nil, joinFinish(ctx, x, err)
			}
			if x.noticed(ctx, abortWait/4) {
				break
			}
		}
	}
	if err := x.b.Origin.Terminate(ctx, x.channel); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	return x.finish(ctx)
}

// held waits until the origin has a request that it has not answered: the first
// of a session is answered at once, and the next may take its time.
func (x *exchange) held(ctx context.Context) {
	for deadline := time.Now().Add(lingerWait); time.Now().Before(deadline); {
		events, _, err := x.b.Origin.Record(ctx, x.channel, 0, 0)
		if err != nil || heldAt(&Evidence{Origin: events}, time.Now()) {
			return
		}
		if sleepUntil(ctx, time.Now().Add(20*time.Millisecond)) != nil {
			return
		}
	}
}

// noticed waits for the origin to record that its peer went away.
func (x *exchange) noticed(ctx context.Context, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for since := 0; time.Now().Before(deadline); {
		events, next, err := x.b.Origin.Record(ctx, x.channel, since, time.Until(deadline))
		if err != nil {
			return false
		}
		if has(measure.AbortNoticed)(events) {
			return true
		}
		since = next
	}
	return false
}
