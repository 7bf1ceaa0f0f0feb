package scenarios

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const releaseName = "release"

// The release trial, wire time: filters that scan are known to hold the
// beginning of a response for about 20 s.
const (
	longestHold    = 26 * time.Second
	releaseSpacing = time.Second
	releaseProof   = 3 // messages at once behind the first ones, which show that the way stays open
)

// releaseTrial sends a small message every second and waits, much longer than
// any other trial, for what is held to come out although the origin goes on.
func releaseTrial() Trial {
	return Trial{Name: releaseName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		x := b.open(ctx, "release", unrecycled(), false)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		start := time.Now()
		proof := 0
		for i := 0; time.Since(start) < longestHold && proof < releaseProof; i++ {
			due := start.Add(time.Duration(i+1) * releaseSpacing)
			if err := sleepUntil(ctx, due); err != nil {
				return nil, joinFinish(ctx, x, err)
			}
			before := len(ofKind(x.log.all(), measure.Received))
			if err := x.publish(ctx, due, smallMessage(i)); err != nil {
				return nil, joinFinish(ctx, x, err)
			}
			come := func(events []measure.Event) bool { return len(ofKind(events, measure.Received)) > before }
			if x.log.wait(ctx, releaseSpacing/2, x.done, come) {
				proof++
			}
			select {
			case <-x.done: // the path ended it
				return x.finish(ctx)
			default:
			}
		}
		return x.end(ctx)
	}}
}
