package browsers

import (
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
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
				var again atomic.Bool
				want := []string{"e-1", "e-2", "e-3", "e-4", "e-5"}
				behind := func(e measure.Event) bool {
					asked := o.queries(technique)
					q, _ := url.ParseQuery(asked[len(asked)-1])
					return e.Kind == measure.Prelude && q.Get("after") == "e-5"
				}
				if technique == "long-poll" { // which is told of nothing while it is held
					o.messages = append(o.messages, "5")
					want, behind = append(want, "e-6"), id("e-6")
					o.instead = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
						if r.URL.Query().Get("after") != "e-5" || again.Load() {
							return false
						}
						<-r.Context().Done()
						return true
					}
				}
				reload := make(chan struct{})
				s := subscription(technique, o.url(technique))
				s.Reload = reload
				events := receive(t, b, s, func(e measure.Event) bool {
					if id("e-5")(e) {
						close(reload)
					}
					if e.Kind == measure.Reconnect && e.Note == "page reloaded" {
						again.Store(true)
					}
					return again.Load() && behind(e)
				})
				if got := ids(events); !slices.Equal(got, want) {
					t.Errorf("got %v", got)
				}
			})
		}
	})
}
