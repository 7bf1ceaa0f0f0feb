package proxies

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

func repeatFault() Fault {
	return Fault{
		Name:     "repeat",
		Means:    "Each request reaches the origin twice; the answer to the first is thrown away.",
		Source:   "proxies that retry on another connection or server (nginx proxy_next_upstream, haproxy retry-on)",
		Provokes: []Provoke{{"request-repeated", "repeat"}},
		Early:    true,
		New: func(Args) (Hooks, error) {
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					if upgradeOf(r.Header) != "" {
						return next.RoundTrip(r)
					}
					body, err := wholeBody(r)
					if err != nil {
						return nil, err
					}
					ctx, cancel := context.WithCancel(r.Context())
					first := r.Clone(ctx)
					setBody(first, body)
					// The head is waited for, so that the origin has surely acted.
					if resp, err := next.RoundTrip(first); err == nil {
						cancel()
						_ = resp.Body.Close()
					}
					cancel()
					second := r.Clone(r.Context())
					setBody(second, body)
					return next.RoundTrip(second)
				})
			}}, nil
		},
	}
}

// wholeBody reads r's body, nil if it has none.
func wholeBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxHeld+1))
	if err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	if len(body) > maxHeld {
		return nil, errTooMuch
	}
	return body, nil
}

func setBody(r *http.Request, body []byte) {
	r.TransferEncoding = nil
	if r.ContentLength = int64(len(body)); len(body) == 0 {
		r.Body = nil
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}
