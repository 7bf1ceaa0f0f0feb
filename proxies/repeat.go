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
		Means:    "Each request reaches the origin twice, and the answer to the first is thrown away; or a broken answer goes on with that to a second request.",
		Source:   "proxies that retry on another connection or server (nginx proxy_next_upstream, haproxy retry-on); mod_jk 1.2.48 without recovery_options (broken, measured)",
		Provokes: []Provoke{{"request-repeated", "repeat"}},
		Params: []Param{
			{Name: "when", Type: Word, Words: []string{"always", "broken"}, Default: "always", Main: true, Means: "broken: only when the origin breaks an answer off, once; the body of the second answer follows what there was of the first"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			if a.Text("when") == "broken" {
				return Hooks{Upstream: goOn}, nil
			}
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

// goOn asks again when an answer is broken off. Only what has no body can be.
func goOn(next http.RoundTripper) http.RoundTripper {
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && r.Body == nil && resp.StatusCode != http.StatusSwitchingProtocols {
			resp.Body = &resumedBody{body: resp.Body, again: func() (io.ReadCloser, error) {
				second, err := next.RoundTrip(r.Clone(r.Context()))
				if err != nil {
					return nil, err
				}
				return second.Body, nil
			}}
		}
		return resp, err
	})
}

// resumedBody goes on with the body that again gives, once. Close and Read are
// not called at the same time.
type resumedBody struct {
	body  io.ReadCloser
	again func() (io.ReadCloser, error) // nil: it was called
}

func (b *resumedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err == nil || err == io.EOF || b.again == nil {
		return n, err
	}
	again := b.again
	b.again = nil
	second, secondErr := again()
	if secondErr != nil {
		return n, err
	}
	_ = b.body.Close()
	b.body = second
	return n, nil
}

func (b *resumedBody) Close() error { return b.body.Close() }
