package scenarios

import (
	"context"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const errorsName = "errors"

// failures are the ways in which the origin is told to fail (its option fail).
var failures = []string{"403", "502", "close", "cut"}

// learnWait is how long a client is given to learn of a failure, cutAgain how
// long a message may take to trigger one.
const (
	learnWait = 3 * time.Second
	cutAgain  = 500 * time.Millisecond
)

// errorsTrial has the origin fail in each way, side by side, and waits for the
// client to learn of it.
func errorsTrial() Trial {
	return Trial{Name: errorsName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		parts, errs := make([]*Evidence, len(failures)), make([]error, len(failures))
		var wg sync.WaitGroup
		for i, how := range failures {
			wg.Go(func() { parts[i], errs[i] = b.failing(ctx, how) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
		return inParts(parts...), nil
	}}
}

func (b *Bench) failing(ctx context.Context, how string) (*Evidence, error) {
	opts := unrecycled()
	opts.Set("fail", how)
	x, err := b.openAs(ctx, how, opts, asking{once: true})
	if err != nil {
		return nil, err
	}
	if how != "cut" || b.Technique.Class == measure.ClassPoll || !x.attached(ctx) {
		x.log.wait(ctx, learnWait, x.done, has(measure.End))
		return x.finish(ctx)
	}
	// A message triggers the cut, and another one that of a request which a path
	// has made of its own accord.
	for i := 0; i < int(learnWait/cutAgain); i++ {
		if err := x.publish(ctx, time.Now(), smallMessage(i)); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		if x.log.wait(ctx, cutAgain, x.done, has(measure.End)) {
			break
		}
	}
	return x.finish(ctx)
}
