package proxies

import (
	"fmt"
	"io"
	"net/http"
)

func requestBufferFault() Fault {
	return Fault{
		Name:     "request-buffer",
		Means:    "A request's body is held until it is complete, then goes to the origin with its length.",
		Source:   "nginx proxy_request_buffering on (ngx_http_proxy_module; measured on 1.22.1)",
		Provokes: []Provoke{{"request-buffered", "request-buffer"}},
		Params: []Param{
			{Name: "max", Type: Bytes, Default: "64M", Main: true, Means: "a larger body is refused with 413"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			most := a.Number("max")
			if most > maxHeld {
				return Hooks{}, errTooMuch
			}
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					if r.Body == nil {
						return next.RoundTrip(r)
					}
					body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
					if err != nil {
						return nil, fmt.Errorf("read request body: %w", err)
					}
					if int64(len(body)) > most {
						return ownAnswer(r, http.StatusRequestEntityTooLarge, "request body too large"), nil
					}
					r = r.Clone(r.Context())
					setBody(r, body)
					r.Header.Del("Expect")
					return next.RoundTrip(r)
				})
			}}, nil
		},
	}
}
