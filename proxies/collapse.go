package proxies

import (
	"context"
	"net/http"
	"sync"
)

func collapseFault() Fault {
	return Fault{
		Name:     "collapse",
		Means:    "Who asks for a URL while the answer to somebody else's GET of it is under way gets that same answer, from its beginning.",
		Source:   "Fastly request collapsing with streaming miss (docs.fastly.com, streaming-miss); Varnish and nginx proxy_cache_lock do alike",
		Provokes: []Provoke{{"shared-stream", "collapse"}},
		Params: []Param{
			{Name: "max", Type: Bytes, Default: "16M", Main: true, Means: "how far a stream may have got for others to join it; beyond, the slowest reader holds it up"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			if a.Number("max") > maxHeld {
				return Hooks{}, errTooMuch
			}
			c := &collapser{max: int(a.Number("max")), open: map[string]*sharedStream{}}
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					key, ok := sharedKey(r)
					if !ok {
						return next.RoundTrip(r)
					}
					return c.join(key, next, r)
				})
			}}, nil
		},
	}
}

// collapser knows the streams that can be joined.
type collapser struct {
	max  int
	mu   sync.Mutex
	open map[string]*sharedStream
}

// join opens the stream for key, or finds it open.
func (c *collapser) join(key string, next http.RoundTripper, r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	s := c.open[key]
	if s == nil || !s.enter() {
		s = newSharedStream(c.max)
		c.open[key] = s
		ex := exchangeOf(r.Context())
		// The stream outlives the exchange that opened it, but not its readers.
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		s.leave = cancel
		stop := context.AfterFunc(ex.hop.ctx, cancel)
		ex.hop.wg.Go(func() {
			defer stop()
			defer cancel()
			s.run(next, r.WithContext(ctx))
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.open[key] == s {
				delete(c.open, key)
			}
		})
	}
	c.mu.Unlock()
	return s.response(r)
}
