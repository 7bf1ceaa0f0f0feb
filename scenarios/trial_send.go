package scenarios

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// publish sends one message that is due now or was due earlier.
func (x *exchange) publish(ctx context.Context, due time.Time, body []byte) error {
	sum, err := measure.SumJSON(body)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return x.publishAs(ctx, due, payload{contentType: "application/json", body: body, sum: sum})
}

// publishAs does so with a body of any type.
func (x *exchange) publishAs(ctx context.Context, due time.Time, p payload) error {
	x.ev.Lag = max(x.ev.Lag, time.Since(due))
	id, err := x.b.Origin.Publish(ctx, x.channel, due, p.contentType, p.body)
	if err != nil {
		return err
	}
	x.ev.Sent = append(x.ev.Sent, Sent{ID: id, Due: due, Bytes: len(p.body), Sum: p.sum, Kind: p.kind})
	return nil
}

// payload is the body of a message to be published.
type payload struct {
	kind        string // what it is meant to try, "" for an ordinary one
	contentType string
	body        []byte
	sum         string // of its data, as clients report it
}

// schedule sends count messages, one every spacing, the first after a spacing.
func (x *exchange) schedule(ctx context.Context, count int, spacing time.Duration, body func(i int) []byte) error {
	start := time.Now()
	for i := range count {
		due := start.Add(time.Duration(i+1) * spacing)
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		if err := x.publish(ctx, due, body(i)); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until all that was sent has arrived. It gives up when no message
// has arrived for limit, and no considerable part of one: a slow path that still
// delivers is waited for, at most for longestSettle.
func (x *exchange) settle(ctx context.Context, limit time.Duration) bool {
	want := make(map[string]bool, len(x.ev.Sent))
	for _, s := range x.ev.Sent {
		want[s.ID] = true
	}
	arrived := 0
	all := func(events []measure.Event) bool {
		seen := make(map[string]bool, len(want))
		for _, e := range events {
			if e.Kind == measure.Received && want[e.ID] {
				seen[e.ID] = true
			}
		}
		arrived = len(seen)
		return arrived == len(want)
	}
	for end := time.Now().Add(longestSettle); time.Now().Before(end) && ctx.Err() == nil; {
		before, in, counted := arrived, x.in(), len(x.log.all())
		x.ev.Rate = 0
		if x.log.wait(ctx, limit, x.done, all) {
			return true
		}
		grown := x.in() - in
		if arrived == before && !x.underWay(grown, counted) {
			return false
		}
		x.ev.Rate = float64(grown) / limit.Seconds() // unless the rest comes now
	}
	return false
}
