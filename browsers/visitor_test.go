package browsers

import (
	"context"
	"sync"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The tabs of one visitor share six connections to a host: of seven streams the
// last is served when another has left, and not before.
func TestTabsOfOneVisitorShareConnections(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		o := newOrigin(t)
		visitor := c.Visit(7)
		ctx, leaveAll := context.WithCancel(within(t))
		defer leaveAll()
		var wg sync.WaitGroup
		served := make(chan context.CancelFunc, 7) // of each stream, once it has a message
		for range 7 {
			own, leave := context.WithCancel(ctx)
			wg.Go(func() {
				defer leave()
				s := subscription("eventsource", o.url("eventsource"))
				s.Resume = true // its page cannot load while there is no connection for it
				err := visitor.Subscribe(own, s, func(e measure.Event) {
					if id("e-5")(e) {
						served <- leave
					}
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		for n := range 7 { // the first six stay until all of them are there
			select {
			case leave := <-served:
				if n >= 5 {
					leave()
				}
			case <-ctx.Done():
				t.Fatalf("only %d streams were served", n)
			}
			if n == 5 && o.mostOpen() != 6 {
				t.Errorf("%d streams at once, want 6", o.mostOpen())
			}
		}
		leaveAll()
		wg.Wait()
		ctx = within(t)
		if err := visitor.Close(); err != nil {
			t.Error(err)
		}
		if err := visitor.Subscribe(ctx, subscription("eventsource", o.url("eventsource")), func(measure.Event) {}); err == nil {
			t.Error("the visit goes on after its end")
		}
		// The browser itself is still there.
		receive(t, c, subscription("eventsource", o.url("eventsource")), id("e-5"))
	})
}
