package scenarios

import (
	"context"
	"net/url"
	"time"
)

// The recycle trials send across several recyclings of the stream.
const (
	recycleBytesCount = 48 // of 4 KB: 192 KB, so at least two recyclings at 65,536
	recycleTimeCount  = 25
	recycleSpacing    = 80 * time.Millisecond
	shortRecycle      = 600 * time.Millisecond
)

// recycleBytesTrial has the origin end its stream every 65,536 bytes while
// messages keep coming; the client comes back with the id it reached.
func recycleBytesTrial() Trial {
	return Trial{Name: "recycle-bytes", Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		opts := url.Values{"recycle_bytes": {"65536"}, "recycle_after": {"0"}, "retry": {"50ms"}}
		return b.recycled(ctx, "bytes", opts, recycleBytesCount, recycleSpacing/4, largeMessage)
	}}
}

// recycleTimeTrial has the origin end its stream by time. The origin's own
// limit can be short on any path, so no scaled proxy is needed.
func recycleTimeTrial() Trial {
	return Trial{Name: "recycle-time", Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		opts := url.Values{"recycle_bytes": {"0"}, "recycle_after": {wireDuration(shortRecycle)}, "retry": {"50ms"}}
		return b.recycled(ctx, "time", opts, recycleTimeCount, recycleSpacing, smallMessage)
	}}
}

func (b *Bench) recycled(ctx context.Context, part string, opts url.Values, count int, spacing time.Duration, body func(int) []byte) (*Evidence, error) {
	x := b.open(ctx, part, opts, true)
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	x.greeted(ctx)
	if err := x.schedule(ctx, count, spacing, body); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	x.settle(ctx, 2*lingerWait)
	return x.end(ctx)
}
