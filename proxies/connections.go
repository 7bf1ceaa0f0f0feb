package proxies

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

func connectionsFault() Fault {
	return Fault{
		Name:   "connections",
		Means:  "Only so many exchanges with the origin are allowed at once; one more is refused or waits for its turn.",
		Source: "Envoy circuit breaker 1024 (centrifugal.dev, load balancing); servers with a thread for each request (over=wait)",
		Provokes: []Provoke{
			{"connection-limit", "connections(2)"},
			{"thread-starvation", "connections(2,over=wait)"},
		},
		Params: []Param{
			{Name: "max", Type: Count, Default: "6", Main: true, Means: "exchanges at once, held streams and upgraded connections included"},
			{Name: "over", Type: Word, Words: []string{"refuse", "wait"}, Default: "refuse", Means: "what becomes of one more"},
			{Name: "status", Type: Count, Default: "503", Means: "of the refusal"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			if err != nil {
				return Hooks{}, err
			}
			if a.Number("max") > 1<<20 {
				return Hooks{}, errors.New("max: want at most 1048576")
			}
			places, wait := make(chan struct{}, a.Number("max")), a.Text("over") == "wait"
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					if err := takePlace(r.Context(), places, wait); err != nil {
						if errors.Is(err, errFull) {
							return ownAnswer(r, status, err.Error()), nil
						}
						return nil, err
					}
					leave := sync.OnceFunc(func() { <-places })
					resp, err := next.RoundTrip(r)
					if err != nil {
						leave()
						return nil, err
					}
					resp.Body = leavingBody(resp.Body, leave)
					return resp, nil
				})
			}}, nil
		},
	}
}

var errFull = errors.New("too many connections")

func takePlace(ctx context.Context, places chan<- struct{}, wait bool) error {
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	if !wait {
		return errFull
	}
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// leavingBody calls leave when body is closed; it can be written to where body
// can.
func leavingBody(body io.ReadCloser, leave func()) io.ReadCloser {
	left := &leavingReader{ReadCloser: body, leave: leave}
	if w, ok := body.(io.Writer); ok {
		return &leavingStream{leavingReader: left, Writer: w}
	}
	return left
}

type leavingReader struct {
	io.ReadCloser
	leave func()
}

func (b *leavingReader) Close() error {
	err := b.ReadCloser.Close()
	b.leave()
	return err
}

type leavingStream struct {
	*leavingReader
	io.Writer
}

func (s *leavingStream) CloseWrite() error { return closeWriteStream(s.ReadCloser) }
