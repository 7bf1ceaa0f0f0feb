package scenarios

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The stop-signal trial: how long a client is watched that was refused, and
// after how many requests it counts as one that comes back.
const (
	stopSignalName = "stop-signal"
	stopSignalWait = 1500 * time.Millisecond
	stopSignalMany = 3
)

// stopSignals are the statuses: what an origin says to end it for good, and
// what a path says while it cannot reach the origin.
var stopSignals = []int{http.StatusNoContent, http.StatusBadGateway, http.StatusGatewayTimeout}

// stopSignalTrial has the origin answer each status to whoever asks, and counts
// how often it is asked.
func stopSignalTrial() Trial {
	return Trial{Name: stopSignalName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		parts, errs := make([]*Evidence, len(stopSignals)), make([]error, len(stopSignals))
		var wait sync.WaitGroup
		for i, status := range stopSignals {
			wait.Go(func() { parts[i], errs[i] = b.refused(ctx, strconv.Itoa(status)) })
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		head := *parts[0]
		head.Parts = parts
		return &head, nil
	}}
}

func (b *Bench) refused(ctx context.Context, status string) (*Evidence, error) {
	opts := unrecycled()
	opts.Set("status", status)
	x := b.open(ctx, status, opts, true)
	limit := openWait // for the first request
	for deadline := time.Now().Add(limit); ; {
		asked := 0
		events, _, err := b.Origin.Record(ctx, x.channel, 0, 0)
		if err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		for _, o := range events {
			if o.Kind == measure.Failed {
				asked++
			}
		}
		if asked > 0 && limit == openWait {
			limit, deadline = stopSignalWait, time.Now().Add(stopSignalWait)
		}
		if asked >= stopSignalMany || time.Now().After(deadline) || ctx.Err() != nil {
			break
		}
		if _, _, err := b.Origin.Record(ctx, x.channel, len(events), min(100*time.Millisecond, time.Until(deadline))); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
	}
	return x.finish(ctx)
}
