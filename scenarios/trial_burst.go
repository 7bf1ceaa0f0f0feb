package scenarios

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"time"
)

// The burst trial: 320 KB in 4 KB messages, quickly. It stays below the 256
// messages and 1 MB that the origin keeps for a slow subscriber.
const (
	burstCount   = 80
	burstSpacing = 8 * time.Millisecond
	burstBody    = 4096
)

// burstTrial sends more than a buffer of 256 KB holds, to see what flushes
// when: at a number of bytes, on a timer, or only at the end.
func burstTrial() Trial {
	return Trial{Name: "burst", Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		x := b.open(ctx, "burst", unrecycled(), false)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		err := b.Heavily(ctx, func() error { return x.schedule(ctx, burstCount, burstSpacing, largeMessage) })
		if err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait+x.ev.Interval)
		return x.end(ctx)
	}}
}

// largeMessage is 4 KB of JSON that no compressor makes much smaller: a block
// size measured with it is a block size on the wire.
func largeMessage(i int) []byte {
	rnd := rand.New(rand.NewPCG(uint64(i), 4096))
	raw := make([]byte, burstBody*3/4)
	for j := range raw {
		raw[j] = byte(rnd.Uint32())
	}
	return fmt.Appendf(nil, `{"n":%d,"text":%q}`, i, base64.RawURLEncoding.EncodeToString(raw))
}
