package bayeux

import (
	"context"
	"errors"
	"time"
)

// errReplaced is how a hold ends that another one takes the place of.
var errReplaced = errors.New("replaced by a newer connect")

// hold waits for something to deliver, and returns it with the connect's
// reply. The error is errReplaced, or the context's.
func (x *exchange) hold(ctx context.Context) (reply, []*Delivery, error) {
	ss, p := x.session, x.connect
	if !x.manyAtOnce {
		if x.crowded(ss) {
			x.several(p)
		} else {
			defer x.uncrowd(ss)
		}
	}
	c := newCarrier()
	ss.carriedBy(c)
	defer ss.carrier.CompareAndSwap(c, nil)
	var late <-chan time.Time
	if p.wait > 0 {
		timer := time.NewTimer(p.wait)
		defer timer.Stop()
		late = timer.C
	}
	for stop := p.wait == 0; ; {
		if c.replaced.Load() {
			return reply{}, nil, errReplaced
		}
		stop = stop || c.released.Load() || ss.over() != alive
		if ds, number := ss.take(); stop || len(ds) > 0 || ss.over() != alive {
			return p.finish(x.Server, ss, number), ds, nil
		}
		select {
		case <-c.wake:
		case <-late:
			stop = true
		case <-ctx.Done():
			return reply{}, nil, ctx.Err()
		}
	}
}
