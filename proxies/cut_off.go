package proxies

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// errNoNamespace is why packets cannot be dropped here.
var errNoNamespace = errors.New("packets cannot be dropped here")

// outage is the one that a fault asks for, nil if none does.
func (s *simulated) outage() *Outage {
	for _, f := range s.faults {
		if hooks, err := f.fault.New(f.args); err == nil && hooks.Outage != nil {
			return hooks.Outage
		}
	}
	return nil
}

// startCutOff starts a hop that listens in a network namespace of its own, the
// way to which can be cut. Of env.Listen only the port counts.
func (s *simulated) startCutOff(ctx context.Context, env Env, o Outage) (Instance, error) {
	if env.Mode == Reverse && env.Front != nil || env.Mode == TCP && env.Origin.Scheme == "https" {
		return nil, &UnsupportedError{Proxy: s.name, Reason: "packets are dropped on an address of a network namespace, which no certificate here is for"}
	}
	n, err := openNamespace()
	if errors.Is(err, errNoNamespace) {
		return nil, &UnsupportedError{Proxy: s.name, Reason: err.Error()}
	}
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", quoteName(s.name), err)
	}
	port := "0"
	if env.Listen != "" {
		if _, port, err = net.SplitHostPort(env.Listen); err != nil {
			return nil, errors.Join(fmt.Errorf("listen on %s: %w", env.Listen, err), n.close())
		}
	}
	inside, err := n.listen(ctx, port)
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	l := &outageListener{Listener: inside, link: n, outage: o}
	in, err := s.startOn(l, dialer, env)
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return &cutOff{Instance: in, listener: l, namespace: n}, nil
}

// cutOff is a started hop in a network namespace.
type cutOff struct {
	Instance
	listener  *outageListener
	namespace *namespace
	once      sync.Once
	err       error
}

// Stats counts connections where no request was seen: those that were on their
// way are lost, too. A path that should have lost packets and did not is not
// the one that was asked for, and has seen nothing.
func (c *cutOff) Stats() Stats {
	if c.listener.failure() != nil {
		return Stats{}
	}
	s := c.Instance.Stats()
	s.Hits = max(s.Hits, s.Accepted)
	return s
}

func (c *cutOff) Close() error {
	c.once.Do(func() {
		c.err = errors.Join(c.Instance.Close(), c.listener.failure(), c.namespace.close())
	})
	return c.err
}
