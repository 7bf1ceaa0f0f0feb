package scenarios

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The burst trial: 320 KB quickly, the first part in small steps so that a
// block of a few KB can be told from one of many, and as much again where
// nothing has come by then. It stays below the 256 messages and 1 MB that the
// origin keeps for a slow subscriber.
const (
	burstSmall   = 48  // of 512 bytes
	burstLarge   = 72  // of 4,096 bytes
	burstMore    = 100 // of 4,096 bytes
	burstSpacing = 8 * time.Millisecond
	burstName    = "burst"
)

// burstTrial sends more than a buffer of 256 KB holds, to see what flushes
// when: at a number of bytes, on a timer, or only at the end. Firewalls that
// inspect bodies hold 512 KB (SecResponseBodyLimit), which is no end either.
func burstTrial() Trial {
	return Trial{Name: burstName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		x := b.open(ctx, "burst", unrecycled(), false)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		x.greeted(ctx)
		err := b.Heavily(ctx, func() error {
			err := x.schedule(ctx, burstSmall+burstLarge, burstSpacing, burstMessage)
			if err != nil || has(measure.Received)(x.log.all()) {
				return err
			}
			return x.schedule(ctx, burstMore, burstSpacing, func(i int) []byte { return burstMessage(burstSmall + burstLarge + i) })
		})
		if err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait+x.ev.Interval)
		return x.end(ctx)
	}}
}

func burstMessage(i int) []byte {
	if i < burstSmall {
		return noise(i, 512)
	}
	return noise(i, 4096)
}

// largeMessage is 4 KB of JSON.
func largeMessage(i int) []byte { return noise(i, 4096) }

// noise is a JSON message of about so many bytes that no compressor makes much
// smaller: a block size measured with it is a block size on the wire.
func noise(i, size int) []byte {
	rnd := rand.New(rand.NewPCG(uint64(i), uint64(size)))
	raw := make([]byte, size*3/4-20)
	for j := range raw {
		raw[j] = byte(rnd.Uint32())
	}
	return fmt.Appendf(nil, `{"n":%d,"text":%q}`, i, base64.RawURLEncoding.EncodeToString(raw))
}
