package scenarios

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The page reload trial: the visitor presses F5 while messages flow.
const (
	pageReloadName    = "page-reload"
	pageReloadBefore  = 4
	pageReloadAfter   = 12
	pageReloadSpacing = 100 * time.Millisecond
	pageReloadWait    = 10 * time.Second // for what was missed to be made up for
)

func pageReloadTrial() Trial {
	return Trial{Name: pageReloadName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		p, ok := b.Client.(measure.Pager)
		if !ok {
			return nil, &unableError{measure.Untested, fmt.Sprintf("client %s has no page that could be loaded again", b.Client.Name())}
		}
		if err := p.CanReload(); err != nil {
			return nil, &unableError{measure.Skipped, err.Error()}
		}
		reload := make(chan struct{})
		x, err := b.openAs(ctx, pageReloadName, unrecycled(), asking{resume: true, reload: reload})
		if err != nil {
			return nil, err
		}
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		x.log.wait(ctx, lingerWait, x.done, has(measure.Prelude))
		err = x.schedule(ctx, pageReloadBefore, pageReloadSpacing, smallMessage)
		if err == nil {
			x.settle(ctx, lingerWait) // so that the page has a position
			x.ev.Disturbed = time.Now()
			close(reload)
			err = x.schedule(ctx, pageReloadAfter, pageReloadSpacing, smallMessage)
		}
		if err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, pageReloadWait)
		return x.end(ctx)
	}}
}
