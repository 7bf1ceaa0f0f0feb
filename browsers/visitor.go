package browsers

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cometbench/cometbench/scenarios/measure"
)

var _ measure.Visitor = (*Chromium)(nil)

// Visit returns a client whose subscriptions are tabs of one visitor: they
// share a browser context, and with it the connections to a host. Each counts
// as one of Options.MostContexts.
func (c *Chromium) Visit(int) measure.Client { return &visitor{Chromium: c} }

// visitor is one browser context with several tabs.
type visitor struct {
	*Chromium

	mu     sync.Mutex
	anchor *page // an empty tab that the context belongs to; nil until the first subscription
	closed bool
}

// Subscribe serves s in a tab beside the visitor's others; see measure.Client.
func (v *visitor) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	return v.subscribe(ctx, s, sink, v)
}

// open opens a tab. The first one's target decides on the proxy.
func (v *visitor) open(p *process, t measure.Target) (*page, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, errors.New("the visit is over")
	}
	if v.anchor == nil {
		anchor, err := p.openPage(t, v.options.AnswerWithin)
		if err != nil {
			return nil, err
		}
		v.anchor = anchor
	}
	return v.anchor.openBeside(t)
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
	if err := v.anchor.close(); err != nil {
		return fmt.Errorf("end visit: %w", err)
	}
	return nil
}
