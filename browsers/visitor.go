package browsers

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cometbench/cometbench/scenarios/measure"
)

var (
	_ measure.Visitor = (*Browser)(nil)
	_ measure.Pager   = (*Browser)(nil)
	_ measure.Framed  = (*Browser)(nil)
	_ measure.Browser = (*Browser)(nil)
)

// Visit returns a client whose subscriptions are tabs of one visitor: they
// share a browser context, and with it the connections to a host. Each counts
// as one of Options.MostContexts, or all together where a context is a process.
func (b *Browser) Visit(int) measure.Client { return &visitor{Browser: b} }

// visitor is one browser context with several tabs.
type visitor struct {
	*Browser

	mu      sync.Mutex
	process process
	anchor  page   // an empty tab that the context belongs to; nil until the first subscription
	leave   func() // gives the process back
	closed  bool
}

// Subscribe serves s in a tab beside the visitor's others; see measure.Client.
func (v *visitor) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	return v.subscribe(ctx, s, sink, v)
}

// open opens a tab. The first one's target decides on the proxy.
func (v *visitor) open(ctx context.Context, t measure.Target) (process, page, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, nil, errors.New("the visit is over")
	}
	if v.anchor == nil {
		if err := v.begin(ctx, t); err != nil {
			return nil, nil, err
		}
	}
	pg, err := v.anchor.beside(ctx, t)
	return v.process, pg, err
}

// begin opens the context and its empty tab.
func (v *visitor) begin(ctx context.Context, t measure.Target) error {
	alone := !v.engine.sharesProcess()
	if alone {
		if err := v.enter(ctx); err != nil {
			return err
		}
	}
	p, release, err := v.take(ctx, t)
	if err != nil {
		if alone {
			v.exit()
		}
		return err
	}
	v.leave = func() {
		release()
		if alone {
			v.exit()
		}
	}
	v.process = p
	if v.anchor, err = p.openPage(ctx, t); err != nil {
		v.anchor = nil
		v.leave()
	}
	return err
}

// Close ends the visit. The browser stays.
func (v *visitor) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || v.anchor == nil {
		v.closed = true
		return nil
	}
	v.closed = true
	defer v.leave()
	if err := v.anchor.close(); err != nil {
		return fmt.Errorf("end visit: %w", err)
	}
	return nil
}
