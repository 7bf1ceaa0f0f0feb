package browsers

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// bracket narrows down how far a page's clock is from ours: each reading of it
// happened between two readings of ours.
type bracket struct {
	step      int64 // how coarsely the page sees time, µs
	low, high int64 // the offset to add to the page's clock lies between
	known     bool
}

// add takes one reading, all in Unix microseconds.
func (b *bracket) add(before, page, after int64) {
	low, high := before-page-b.step, after-page
	if !b.known {
		b.low, b.high, b.known = low, high, true
		return
	}
	// Two readings that contradict each other say that a clock was set in
	// between; the later one counts.
	if low > b.high || high < b.low {
		b.low, b.high = low, high
		return
	}
	b.low, b.high = max(b.low, low), min(b.high, high)
}

// offset is what to add to the page's clock, and how wrong that can be. Both
// clocks are this machine's, so that it is the least correction that the
// readings allow, which usually is none.
func (b *bracket) offset() (offset, bound int64) {
	offset = min(max(0, b.low), b.high)
	return offset, max(b.high-offset, offset-b.low)
}

// calibrate reads a page's clock until it is known well, or often enough.
func calibrate(ctx context.Context, pg page) (*bracket, error) {
	const (
		well  = 250 // microseconds
		least = 3
		most  = 12
	)
	b := bracket{step: pg.clockStep()}
	for n := 1; n <= most; n++ {
		before := time.Now().UnixMicro()
		text, err := pg.eval(ctx, "cometbenchLog.now()")
		after := time.Now().UnixMicro()
		if err != nil {
			return nil, fmt.Errorf("read the page's clock: %w", err)
		}
		at, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read the page's clock: %w", err)
		}
		b.add(before, at, after)
		if _, bound := b.offset(); n >= least && bound <= well+b.step {
			break
		}
	}
	return &b, nil
}
