package scenarios

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const headName = "head"

// The pause between a head and the first byte behind it. Where policy time is
// scaled it stands for more than the usual limits on a first byte (Fastly 15 s,
// Heroku 30 s), which then show themselves.
const (
	helloPause = 500 * time.Millisecond
	longPause  = 45 * time.Second // policy time
	leastPause = 400 * time.Millisecond
	mostPause  = time.Second
	atOnce     = 100 * time.Millisecond // head and body so close together came at once
)

// headTrial opens a stream whose origin sends the head at once and says nothing
// for a while, then looks when each of the two arrives.
func headTrial() Trial {
	return Trial{Name: headName, Scaled: true, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		pause := helloPause
		if b.Scale < 1 {
			pause = min(max(b.Policy(longPause), leastPause), mostPause)
		}
		opts := unrecycled()
		opts.Set("heartbeat", "0")
		opts.Set("hello", wireDuration(pause))
		x := b.open(ctx, "head", opts, false)
		x.ev.Waited = pause
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		x.log.wait(ctx, pause+lingerWait, x.done, has(measure.Prelude))
		return x.end(ctx)
	}}
}
