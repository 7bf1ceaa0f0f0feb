package scenarios

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The steady trial: small messages, well spaced. 270 ms is above the prompt
// limit, so that a path which waits for the next message is seen to.
const (
	steadyCount   = 10
	steadySpacing = 270 * time.Millisecond
)

const steadyName = "steady"

// steadyTrial asks as gently as a real application in its quiet hours: ten
// small messages, then it waits, then the origin ends the stream and what a
// buffer held comes out.
func steadyTrial() Trial {
	return Trial{Name: steadyName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		x := b.open(ctx, "steady", unrecycled(), false)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		x.greeted(ctx)
		if err := x.schedule(ctx, steadyCount, steadySpacing, smallMessage); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait+x.ev.Interval)
		return x.end(ctx)
	}}
}

// greeted waits for the hello of a stream or socket. It may take its time,
// through a browser for instance, or because the path asked the origin once
// before; a path that holds it back must not hold up the schedule.
func (x *exchange) greeted(ctx context.Context) {
	if !x.b.Technique.Polls() {
		x.log.wait(ctx, steadySpacing, x.done, has(measure.Prelude))
	}
}

// end releases the exchange, waits for the client to notice, for as long as
// something still arrives, and finishes.
func (x *exchange) end(ctx context.Context) (*Evidence, error) {
	if err := x.release(ctx); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	seen := -1
	more := func(events []measure.Event) bool { return len(events) > seen }
	for end := time.Now().Add(longestSettle); time.Now().Before(end); {
		seen = len(x.log.all())
		if !x.log.wait(ctx, releaseWait, x.done, more) {
			break
		}
		select {
		case <-x.done:
			return x.finish(ctx)
		default:
		}
	}
	return x.finish(ctx)
}

// joinFinish stops the client after an error of the harness.
func joinFinish(ctx context.Context, x *exchange, err error) error {
	if _, ferr := x.finish(ctx); ferr != nil && ctx.Err() == nil {
		return fmt.Errorf("%w; %w", err, ferr)
	}
	return err
}

// unrecycled are the options of delivery trials: no recycling, so that nothing
// but the path can let go of what it holds.
func unrecycled() url.Values {
	return url.Values{"recycle_bytes": {"0"}, "recycle_after": {"0"}, "retry": {"10ms"}}
}

// smallMessage is about 60 bytes of JSON.
func smallMessage(i int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"text":"a small message as a chat would send it"}`, i)
}
