package scenarios

import (
	"context"
	"time"
)

// The integrity trial's messages follow each other quickly: it asks what
// arrives, not when.
const (
	integrityName    = "integrity"
	integritySpacing = 8 * time.Millisecond
)

// integrityTrial sends messages that contain what framings are made of. The
// client comes back when the path cuts it, so that limits do not look like
// losses.
func integrityTrial() Trial {
	return Trial{Name: integrityName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		all, err := payloads()
		if err != nil {
			return nil, err
		}
		x := b.open(ctx, "integrity", unrecycled(), true)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		x.greeted(ctx)
		start := time.Now()
		for i, p := range all {
			due := start.Add(time.Duration(i+1) * integritySpacing)
			err := sleepUntil(ctx, due)
			if err == nil {
				err = x.publishAs(ctx, due, p)
			}
			if err != nil {
				return nil, joinFinish(ctx, x, err)
			}
		}
		x.settle(ctx, lingerWait+x.ev.Interval)
		return x.end(ctx)
	}}
}
