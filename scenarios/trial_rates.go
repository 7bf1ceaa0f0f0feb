package scenarios

import (
	"context"
	"time"
)

// The rates trial sends at each of these rates for three seconds, on one
// exchange that lives for 18 s in all: longer than the shortest fixed lives of
// streams that are known (15 s and 16 s).
const (
	ratesName = "rates"
	rateLasts = 3 * time.Second
)

// rates are messages a second.
var rates = []int{1, 2, 5, 10, 20, 50}

// ratesTrial sends small messages faster and faster.
func ratesTrial() Trial {
	return Trial{Name: ratesName, Run: func(ctx context.Context, b *Bench) (ev *Evidence, err error) {
		err = b.Heavily(ctx, func() error {
			ev, err = b.faster(ctx)
			return err
		})
		return ev, err
	}}
}

func (b *Bench) faster(ctx context.Context) (*Evidence, error) {
	x := b.open(ctx, "rates", unrecycled(), false)
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	for _, rate := range rates {
		spacing := time.Second / time.Duration(rate)
		if err := x.schedule(ctx, messagesAt(rate), spacing, smallMessage); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
	}
	x.settle(ctx, lingerWait+x.ev.Interval)
	return x.end(ctx)
}

// messagesAt is how many messages a rate sends.
func messagesAt(rate int) int { return rate * int(rateLasts/time.Second) }
