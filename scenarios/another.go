package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ownOrigin is an origin of one trial's own: another one of the kind that the
// run has. It can be stopped and started again at its address. Only the trial's
// own goroutine may do so.
type ownOrigin struct {
	*served
}

// another starts one in front of which p can stand.
func another(ctx context.Context, o Origin, p Path) (Origin, error) {
	s, ok := o.(*served)
	if !ok || s.spawn == nil {
		return nil, &unableError{measure.Untested, "it takes an origin of this check's own, and the run's was started by somebody else"}
	}
	if p.Proxy.Capabilities().Foreign {
		return nil, &unableError{measure.Untested, "it takes an origin of this check's own, and this path leads to the run's"}
	}
	fresh, err := s.spawn(ctx, net.JoinHostPort(s.url.Hostname(), "0"), "")
	if err != nil {
		return nil, err
	}
	return &ownOrigin{fresh}, nil
}

// stop ends the origin: properly, or by a kill that leaves it no time to say
// anything.
func (o *ownOrigin) stop(kill bool) error {
	if kill {
		return o.kill()
	}
	return o.close()
}

// start starts it again where it was. It has forgotten everything.
func (o *ownOrigin) start(ctx context.Context) error {
	if len(o.roots) > 0 {
		return errors.New("start origin again: it would show another certificate")
	}
	fresh, err := o.spawn(ctx, o.url.Host, "")
	if err != nil {
		return fmt.Errorf("again: %w", err)
	}
	o.http.CloseIdleConnections()
	o.served = fresh
	return nil
}
