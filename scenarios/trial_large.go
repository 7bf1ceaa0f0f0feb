package scenarios

import (
	"context"
	"time"
)

// largeSizes are bodies above the usual buffers of 4 and 8 KB and across a
// block of 16 KB, none a multiple of any.
var largeSizes = []int{6_100, 9_300, 21_700, 4_500, 13_900}

// largeTrial sends large messages, well spaced: a path that passes small ones
// at once may still wait, within a large one, for the next to fill its buffer.
func largeTrial() Trial {
	return Trial{Name: "large", Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		x := b.open(ctx, "large", unrecycled(), false)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		body := func(i int) []byte { return noise(i, largeSizes[i]) }
		if err := x.schedule(ctx, len(largeSizes), steadySpacing+30*time.Millisecond, body); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait+x.ev.Interval)
		return x.end(ctx)
	}}
}
