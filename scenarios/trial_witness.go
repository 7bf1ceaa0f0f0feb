package scenarios

import (
	"context"
	"slices"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

const witnessName = "witness"

// witnessTrial lets a Go client receive beside the cell's own, by the same
// technique, along the same path, on the same channel: what comes later to the
// one than to the other is the client's own doing. Its second part is the
// witness's.
func witnessTrial() Trial {
	return Trial{Name: witnessName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		if b.Client.Name() == "go" {
			return nil, &unableError{measure.Untested, "the Go client is the one that others are held against"}
		}
		channel := b.Nonce + "-witness"
		x, err := b.openAs(ctx, "", unrecycled(), asking{channel: channel})
		if err != nil {
			return nil, err
		}
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		beside := *b
		beside.Client = clients.NewGo()
		defer beside.Client.Close()
		beside.Nonce += "-beside"
		w, err := beside.openAs(ctx, "beside", unrecycled(), asking{channel: channel})
		if err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		w.log.wait(ctx, openWait, w.done, has(measure.Prelude))
		if err := x.schedule(ctx, steadyCount, steadySpacing, smallMessage); err != nil {
			return nil, joinFinish(ctx, x, joinFinish(ctx, w, err))
		}
		x.settle(ctx, lingerWait)
		own, err := x.end(ctx)
		if err != nil {
			return nil, joinFinish(ctx, w, err)
		}
		other, err := w.finish(ctx)
		if err != nil {
			return nil, err
		}
		other.Sent, other.Released = slices.Clone(own.Sent), own.Released
		whole := *own
		whole.Parts = []*Evidence{own, other}
		return &whole, nil
	}}
}
