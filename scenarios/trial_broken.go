package scenarios

import (
	"context"
	"time"
)

// The broken trial: each stream is broken off in the middle of its sixth
// message, before an early-close has ended it by itself.
const (
	brokenName    = "broken"
	brokenAt      = "6"
	brokenCount   = 26 // five to a stream: five cuts
	brokenSpacing = 70 * time.Millisecond
	brokenNote    = "broken off" // of the origin's end event
)

// brokenTrial has the origin break its stream off again and again, in
// mid-message and without an end notice, as a crash or a dropped connection
// behind the path would. The client comes back by itself with the position that
// it reached.
func brokenTrial() Trial {
	return Trial{Name: brokenName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		opts := unrecycled()
		opts.Set("break", brokenAt)
		x := b.open(ctx, "broken", opts, true)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		if err := x.schedule(ctx, brokenCount, brokenSpacing, smallMessage); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait)
		return x.end(ctx)
	}}
}
