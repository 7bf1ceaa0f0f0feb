package scenarios

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/reference"
)

// InProcessTLS is InProcess with a certificate of its own. also are further
// authorities that clients are to trust.
func InProcessTLS(also []byte) (Origin, error) {
	pair, err := selfsigned.New()
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	srv, err := reference.New(reference.Config{Record: true})
	if err != nil {
		ln.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.ServeTLS(ctx, ln, tls.Certificate(pair.Certificate)) }()
	o := newServed(&url.URL{Scheme: "https", Host: ln.Addr().String()}, "")
	o.close = func() error {
		cancel()
		return <-done
	}
	return o, o.trust(append(also, pair.RootsPEM...))
}

// UsualCost is what a matrix usually takes, the controls that it has to
// measure beside its cells included.
func UsualCost(m Matrix) time.Duration {
	var sum time.Duration
	cells := m.cells()
	controls := controlsOf(cells, nil)
	for _, c := range cells {
		if !isDirect(c.path) {
			sum += c.usualCost()
		}
	}
	for _, ctl := range controls {
		sum += cell{checks: ctl.checks}.usualCost()
	}
	return sum
}
