package scenarios

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const lastingName = "lasting"

// The lasting trial, wire time. Filters that inspect TLS are known to reset
// streams after about 16 s, filters that scan to hold the beginning of a
// response for about 20 s.
const (
	usualLife      = 18 * time.Second
	longestHold    = 26 * time.Second
	lastingSpacing = time.Second
	releaseProof   = 3 // messages at once one after the other, which show that the way is open
)

// The parts of the lasting trial.
const (
	firstLife = "first"
	nextLife  = "next" // on the same instance, where the first was cut: a limit cuts again, a reload does not
)

// lastingTrial sends a small message every second for longer than any other
// trial, and longer still while something is held back. What is busy all the
// time meets no limit on silence. A stream that usually ends itself stays open
// for once.
func lastingTrial() Trial {
	return Trial{Name: lastingName, Provoking: true, Waits: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		first, err := b.life(ctx, firstLife, usualLife, longestHold)
		if err != nil {
			return nil, err
		}
		cut, died := killed(first)
		if !died || b.Technique.EndsItself {
			return inParts(first), nil
		}
		enough := longer(cut.after, false)
		next, err := b.life(ctx, nextLife, enough, enough)
		if err != nil {
			return nil, err
		}
		return inParts(first, next), nil
	}}
}

// life is one exchange of the lasting trial, of at least so long; it goes on
// while messages do not come at once.
func (b *Bench) life(ctx context.Context, part string, least, most time.Duration) (*Evidence, error) {
	opts, how := unrecycled(), asking{}
	if b.Technique.EndsItself {
		opts.Set("close_after", wireDuration(2*longestHold))
		how.once = true
	}
	x, err := b.openAs(ctx, part, opts, how)
	if err != nil {
		return nil, err
	}
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	start := time.Now()
	prompt := 0
	for i := 0; time.Since(start) < least || prompt < releaseProof && time.Since(start) < most; i++ {
		// Between whole seconds: timers of filters count those, and what they let
		// go must not come with a message that is being sent.
		due := start.Add(time.Duration(i)*lastingSpacing + lastingSpacing/2)
		if x.log.wait(ctx, time.Until(due), x.done, has(measure.End)) {
			return x.finish(ctx) // the path ended it
		}
		if err := ctx.Err(); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		before := len(ofKind(x.log.all(), measure.Received))
		if err := x.publish(ctx, due, smallMessage(i)); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		come := func(events []measure.Event) bool { return len(ofKind(events, measure.Received)) > before }
		if x.log.wait(ctx, lastingSpacing/2, x.done, come) {
			prompt++
		} else {
			prompt = 0
		}
	}
	x.settle(ctx, lingerWait)
	return x.end(ctx)
}
