package browsers

import (
	"net/url"
	"slices"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// A page that is loaded again goes on behind what it has told of.
func TestReload(t *testing.T) {
	each(t, func(t *testing.T, b *Browser) {
		for _, technique := range some(b, "eventsource", "forever-iframe", "long-poll") {
			t.Run(technique, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				reload := make(chan struct{})
				s := subscription(technique, o.url(technique))
				s.Reload = reload
				again := false
				events := receive(t, b, s, func(e measure.Event) bool {
					if id("e-5")(e) {
						close(reload)
					}
					again = again || e.Kind == measure.Reconnect && e.Note == "page reloaded"
					asked := o.queries(technique)
					q, _ := url.ParseQuery(asked[len(asked)-1])
					return again && (e.Kind == measure.Prelude || technique == "long-poll") && q.Get("after") == "e-5"
				})
				if got := ids(events); !slices.Equal(got, []string{"e-1", "e-2", "e-3", "e-4", "e-5"}) {
					t.Errorf("got %v", got)
				}
			})
		}
	})
}
