package scenarios

import (
	"context"
	"errors"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The restart trial: how long the origin is away, and how long the client may
// take to come back to it.
const (
	restartName    = "restart"
	restartDown    = 500 * time.Millisecond
	restartWait    = 6 * time.Second
	restartSpacing = 100 * time.Millisecond

	restartGraceful = "graceful" // the origin ends its streams itself, as at a deployment
	restartKilled   = "killed"   // it is gone without a word
)

// restartTrial stops its origin while messages flow and starts it again at the
// same address, with nothing in its memory.
func restartTrial() Trial {
	return Trial{Name: restartName, Provoking: true, OwnOrigin: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		o, ok := b.Origin.(*ownOrigin)
		if !ok {
			return nil, errors.New("the trial has no origin of its own")
		}
		if len(o.roots) > 0 {
			return nil, &unableError{measure.Untested, "an origin that starts again shows another certificate"}
		}
		graceful, err := b.restarted(ctx, o, restartGraceful)
		if err != nil {
			return nil, err
		}
		killed, err := b.restarted(ctx, o, restartKilled)
		if err != nil {
			return nil, err
		}
		head := *graceful
		head.Parts = []*Evidence{graceful, killed}
		return &head, nil
	}}
}

func (b *Bench) restarted(ctx context.Context, o *ownOrigin, part string) (*Evidence, error) {
	x := b.open(ctx, part, unrecycled(), true)
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	if err := x.schedule(ctx, 4, restartSpacing, smallMessage); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	x.settle(ctx, lingerWait/2)
	before, _, err := o.Record(ctx, x.channel, 0, 0)
	if err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	if err := x.restart(ctx, o, part == restartKilled); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	if x.takenOnAgain(ctx) {
		if err := x.schedule(ctx, 4, restartSpacing, func(i int) []byte { return smallMessage(8 + i) }); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
	}
	x.settle(ctx, lingerWait/2+x.ev.Interval)
	e, err := x.end(ctx)
	if err != nil {
		return nil, err
	}
	e.Origin = joinRecords(before, e.Origin)
	return e, nil
}

// restart takes the origin away and brings it back. What it is given at once
// then is for those who come back.
func (x *exchange) restart(ctx context.Context, o *ownOrigin, kill bool) error {
	x.ev.Disturbed = time.Now()
	if err := o.stop(kill); err != nil {
		return err
	}
	if err := sleepUntil(ctx, time.Now().Add(restartDown)); err != nil {
		return err
	}
	if err := o.start(ctx); err != nil {
		return err
	}
	x.ev.Restored = time.Now()
	return x.publish(ctx, time.Now(), smallMessage(4))
}

// takenOnAgain waits for the origin that started again to have its subscriber.
func (x *exchange) takenOnAgain(ctx context.Context) bool {
	for deadline, since := time.Now().Add(restartWait), 0; time.Now().Before(deadline) && ctx.Err() == nil; {
		events, next, err := x.b.Origin.Record(ctx, x.channel, since, 200*time.Millisecond)
		if err != nil {
			return false
		}
		if accepted(events) {
			return true
		}
		since = next
		select {
		case <-x.done:
			return false
		default:
		}
	}
	return false
}

// joinRecords puts the record of a later life of an origin behind that of an
// earlier one, whose subscriptions keep their numbers.
func joinRecords(before, after []measure.Event) []measure.Event {
	last := 0
	for _, e := range before {
		last = max(last, e.Sub)
	}
	out := append([]measure.Event(nil), before...)
	for _, e := range after {
		if e.Sub > 0 {
			e.Sub += last
		}
		out = append(out, e)
	}
	return out
}
