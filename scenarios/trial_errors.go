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

// learnWait is how long a client is given to learn of a failure.
const learnWait = 3 * time.Second

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
	if how == "cut" && x.attached(ctx) && b.Technique.Class != measure.ClassPoll {
		if err := x.publish(ctx, time.Now(), smallMessage(0)); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
	}
	x.log.wait(ctx, learnWait, x.done, has(measure.End))
	return x.finish(ctx)
}
