package scenarios

import (
	"context"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const (
	sessionName    = "session"
	sessionCount   = 8
	sessionSpacing = 100 * time.Millisecond
)

// sessionTrial makes one session take many requests: a poll does, and a stream
// that the origin ends after every other message.
func sessionTrial() Trial {
	return Trial{Name: sessionName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		opts := unrecycled()
		if b.Technique.Class == measure.ClassStream {
			opts = url.Values{"recycle_bytes": {"500"}, "recycle_after": {"0"}, "retry": {"10ms"}}
		}
		x := b.open(ctx, "one", opts, true)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		if err := x.schedule(ctx, sessionCount, sessionSpacing, smallMessage); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait)
		return x.end(ctx)
	}}
}
