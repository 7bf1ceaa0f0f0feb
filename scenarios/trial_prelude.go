package scenarios

import (
	"context"
	"strconv"
	"sync"
)

const preludeName = "prelude"

// preludeSizes are the first writes that are known to flip verdicts, in bytes.
var preludeSizes = []int{0, 256, 512, 1024, 2048, 4096}

// preludeMessages show by their number that the way stays open: one alone may
// have come with the rest of a block.
const preludeMessages = 3

// preludeTrial opens one stream for each size, side by side, and sends a few
// small messages over each.
func preludeTrial() Trial {
	return Trial{Name: preludeName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		var asked []sideExchange
		for _, size := range preludeSizes {
			opts := unrecycled()
			opts.Set("prelude", strconv.Itoa(size))
			asked = append(asked, sideExchange{part: strconv.Itoa(size), opts: opts})
		}
		return b.sideBySide(ctx, asked, preludeMessages)
	}}
}

// sideExchange is one of several exchanges that differ in one thing.
type sideExchange struct {
	part string
	opts map[string][]string
	how  asking
}

// sideBySide opens exchanges at once, sends the same few small messages over
// each, well spaced, and ends them.
func (b *Bench) sideBySide(ctx context.Context, asked []sideExchange, messages int) (*Evidence, error) {
	parts, errs := make([]*Evidence, len(asked)), make([]error, len(asked))
	var wg sync.WaitGroup
	for i, a := range asked {
		wg.Go(func() {
			x, err := b.openAs(ctx, a.part, a.opts, a.how)
			if err != nil {
				errs[i] = err
				return
			}
			parts[i], errs[i] = x.few(ctx, messages)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return inParts(parts...), nil
}

// few sends small messages, waits for them and ends the exchange.
func (x *exchange) few(ctx context.Context, messages int) (*Evidence, error) {
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	if err := x.schedule(ctx, messages, steadySpacing, smallMessage); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	x.settle(ctx, lingerWait/2+x.ev.Interval)
	return x.end(ctx)
}
