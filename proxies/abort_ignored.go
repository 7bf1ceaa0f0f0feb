package proxies

import (
	"context"
	"net/http"
)

func abortIgnoredFault() Fault {
	return Fault{
		Name:     "abort-ignored",
		Means:    "When the client leaves, the origin is not told before it next says something.",
		Source:   "haproxy without option abortonclose (2.6; the SockJS abort test fails through it)",
		Provokes: []Provoke{{"client-abort-not-propagated", "abort-ignored"}},
		Early:    true,
		New: func(Args) (Hooks, error) {
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					ex := exchangeOf(r.Context())
					ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
					context.AfterFunc(r.Context(), func() {
						// A fault's own cut still counts.
						if ex.in.Context().Err() == nil {
							cancel(context.Cause(r.Context()))
						}
					})
					context.AfterFunc(ex.hop.ctx, func() { cancel(context.Canceled) })
					return next.RoundTrip(r.WithContext(ctx))
				})
			}}, nil
		},
	}
}
