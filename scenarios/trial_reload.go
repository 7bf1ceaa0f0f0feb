package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// The reload trial: messages before and after the path reads its configuration
// again. A grace longer than what follows is not waited for.
const (
	reloadName    = "reload"
	reloadBefore  = 4 // messages
	reloadCount   = 20
	reloadSpacing = 130 * time.Millisecond
)

// reloadTrial reloads the path, an instance of the trial's own, while messages
// flow. The client comes back when it is cut.
func reloadTrial() Trial {
	return Trial{Name: reloadName, Provoking: true, OwnProxy: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		path, ok := b.Instance.(proxies.Reloader)
		if !ok {
			return nil, &unableError{measure.Unsupported, b.Path + " is nothing that can be reloaded from here"}
		}
		x := b.open(ctx, "reload", unrecycled(), true)
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		err := x.schedule(ctx, reloadBefore, reloadSpacing, smallMessage)
		if err == nil {
			err = x.reload(ctx, path)
		}
		if errors.Is(err, proxies.ErrNoReload) {
			err = &unableError{measure.Unsupported, b.Path + ": " + err.Error()}
		}
		if err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait+x.ev.Interval)
		return x.end(ctx)
	}}
}

// reload sends the rest of the messages while the path reloads.
func (x *exchange) reload(ctx context.Context, path proxies.Reloader) error {
	type outcome struct {
		done time.Time
		err  error
	}
	reloaded := make(chan outcome, 1)
	x.ev.Disturbed = time.Now()
	go func() {
		err := path.Reload(ctx)
		reloaded <- outcome{time.Now(), err}
	}()
	body := func(i int) []byte { return smallMessage(reloadBefore + i) }
	err := x.schedule(ctx, reloadCount-reloadBefore, reloadSpacing, body)
	o := <-reloaded
	x.ev.Restored = o.done
	if o.err != nil {
		return fmt.Errorf("reload: %w", o.err)
	}
	return err
}
