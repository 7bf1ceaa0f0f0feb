package scenarios

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The bytes trial: some messages, then a minute of nothing. The minute is
// shortened by having the origin shorten its heartbeats and holds, on any path:
// how many bytes they have does not depend on how long they wait.
const (
	bytesName    = "bytes"
	bytesCount   = 12
	bytesSpacing = 60 * time.Millisecond
	bytesScale   = 0.02
)

// idleMinute is what stands for a minute of silence.
const idleMinute = time.Duration(float64(time.Minute) * bytesScale)

// bytesTrial counts what the client's connections carry: until the exchange is
// open, for the messages, and while nothing is said.
func bytesTrial() Trial {
	return Trial{Name: bytesName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		counter, ok := b.Client.(measure.Counter)
		if !ok {
			return nil, &unableError{measure.Untested, fmt.Sprintf("client %s does not count the bytes of its connections", b.Client.Name())}
		}
		if err := counter.CanCount(measure.Subscription{Technique: b.Technique.Name, Target: measure.Target{HTTP: b.HTTP}}); err != nil {
			return nil, &unableError{measure.Untested, err.Error()}
		}
		wire := new(measure.Wire)
		opts := unrecycled()
		short := time.Duration(float64(usualHeartbeat) * bytesScale)
		opts.Set("heartbeat", wireDuration(short))
		if b.Technique.Polls() {
			opts = url.Values{"hold": {wireDuration(short)}}
		}
		x, err := b.openAs(ctx, bytesName, opts, asking{wire: wire})
		if err != nil {
			return nil, err
		}
		look := func() {
			x.ev.Wire = append(x.ev.Wire, WireAt{At: time.Now(), In: wire.In.Load(), Out: wire.Out.Load()})
		}
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		switch b.Technique.Class {
		case measure.ClassPoll:
			x.log.wait(ctx, lingerWait/2, x.done, has(measure.Headers))
		case measure.ClassStream, measure.ClassSocket:
			x.log.wait(ctx, lingerWait/2, x.done, has(measure.Prelude))
		}
		look()
		if err := x.schedule(ctx, bytesCount, bytesSpacing, smallMessage); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait/2+x.ev.Interval)
		look()
		x.log.wait(ctx, idleMinute, x.done, func([]measure.Event) bool { return false })
		look()
		return x.end(ctx)
	}}
}
