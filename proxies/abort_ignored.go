package proxies

import (
	"context"
	"io"
	"net/http"
)

func abortIgnoredFault() Fault {
	return Fault{
		Name:     "abort-ignored",
		Means:    "When the client leaves, the origin is not told before it next says something, or never.",
		Source:   "haproxy without option abortonclose (2.6; the SockJS abort test fails through it); tinyproxy 1.11.1 (head), caddy 2.6.2 with flush_interval -1 (end), both measured",
		Provokes: []Provoke{{"client-abort-not-propagated", "abort-ignored"}},
		Early:    true,
		Params: []Param{
			{Name: "until", Type: Word, Words: []string{"write", "head", "end"}, Default: "write", Main: true, Means: "write: the origin is told when it next says something; head: at the response's head at the latest; end: never, the answer is read to its end for nobody"},
		},
		New: func(a Args) (Hooks, error) {
			until := a.Text("until")
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
					resp, err := next.RoundTrip(r.WithContext(ctx))
					if err != nil || resp.StatusCode == http.StatusSwitchingProtocols {
						return resp, err
					}
					switch until {
					case "head":
						context.AfterFunc(r.Context(), func() { cancel(context.Cause(r.Context())) })
					case "end":
						resp.Body = &unleftBody{ReadCloser: resp.Body, ex: ex}
					}
					return resp, nil
				})
			}}, nil
		},
	}
}

// unleftBody is read to its end when the client has left.
type unleftBody struct {
	io.ReadCloser
	ex *exchange
}

func (b *unleftBody) Close() error {
	if b.ex.in.Context().Err() == nil {
		return b.ReadCloser.Close()
	}
	// The request's own context ends with the hop, and the read with it.
	b.ex.hop.wg.Go(func() {
		_, _ = io.Copy(io.Discard, b.ReadCloser)
		_ = b.ReadCloser.Close()
	})
	return nil
}
