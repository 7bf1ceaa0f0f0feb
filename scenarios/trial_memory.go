package scenarios

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The memory trial: so much is streamed before the origin recycles the stream.
const (
	memoryName    = "memory"
	memoryCount   = 512
	memoryPiece   = 16 << 10 // bytes of each message
	memorySpacing = 5 * time.Millisecond
	memoryRest    = 5 * time.Second // for a browser to notice that nobody needs it any more
)

// memoryTrial streams some megabytes to a client and lets the origin recycle
// the stream then. It weighs the client before, behind the last message, and a
// while after it has come back. No other trial uses the client meanwhile.
func memoryTrial() Trial {
	return Trial{Name: memoryName, Provoking: true, WholeClient: true, Run: func(ctx context.Context, b *Bench) (ev *Evidence, err error) {
		scale, ok := b.Client.(measure.Weigher)
		if !ok {
			return nil, &unableError{measure.Untested, fmt.Sprintf("what client %s holds cannot be told from what this program does", b.Client.Name())}
		}
		err = b.Heavily(ctx, func() error {
			ev, err = b.weighed(ctx, scale)
			return err
		})
		return ev, err
	}}
}

func (b *Bench) weighed(ctx context.Context, scale measure.Weigher) (*Evidence, error) {
	opts := unrecycled()
	opts.Set("recycle_bytes", strconv.Itoa(memoryCount*memoryPiece))
	opts.Set("slow", "wait")
	x := b.open(ctx, memoryName, opts, true)
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	x.log.wait(ctx, lingerWait, x.done, has(measure.Prelude))
	weigh := func() error {
		bytes, err := scale.Memory()
		x.ev.Memory = append(x.ev.Memory, bytes)
		return err
	}
	body := fmt.Appendf(nil, `{"text":%q}`, strings.Repeat("m", memoryPiece))
	err := weigh()
	if err == nil {
		err = x.schedule(ctx, memoryCount, memorySpacing, func(int) []byte { return body })
	}
	if err == nil {
		x.settle(ctx, lingerWait)
		err = weigh()
	}
	if err == nil {
		x.log.wait(ctx, lingerWait, x.done, has(measure.Reconnect))
		err = sleepUntil(ctx, time.Now().Add(memoryRest))
	}
	if err == nil {
		err = weigh()
	}
	if err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	return x.end(ctx)
}
