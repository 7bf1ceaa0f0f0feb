package proxies

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// chain is several hops, the first nearest the client.
type chain struct {
	name string
	hops []Proxy
}

func newChain(name string, hops []Proxy) (Proxy, error) {
	for i, hop := range hops {
		last := i == len(hops)-1
		switch p := hop.(type) {
		case direct:
			return nil, fmt.Errorf("proxy %s: direct is no hop", quoteName(name))
		case *foreignReverse:
			if !last {
				return nil, fmt.Errorf("proxy %s: %s leads to an origin of its own, so nothing can stand behind it", quoteName(name), p.name)
			}
		}
	}
	c := &chain{name: name, hops: hops}
	for i, hop := range hops[:len(hops)-1] {
		if behind := hops[i+1]; onlyForward(behind) && !hop.Capabilities().Parent {
			return nil, fmt.Errorf("proxy %s: %s cannot be made to use the forward proxy %s", quoteName(name), hop.Name(), behind.Name())
		}
	}
	return c, nil
}

func onlyForward(p Proxy) bool {
	modes := p.Capabilities().Modes
	return !slices.Contains(modes, Reverse) && !slices.Contains(modes, TCP)
}

func (c *chain) Name() string { return c.name }

// Scope is that of the most demanding hop.
func (c *chain) Scope() Scope {
	scope := PerCell
	for _, hop := range c.hops {
		switch hop.Scope() {
		case Exclusive:
			return Exclusive
		case Shared:
			scope = Shared
		}
	}
	return scope
}

func (c *chain) Available() error {
	for _, hop := range c.hops {
		if err := hop.Available(); err != nil {
			return err
		}
	}
	return nil
}

// Capabilities are the first hop's towards clients and the last one's towards
// the origin. Policy time can be scaled only where every hop scales.
func (c *chain) Capabilities() Capabilities {
	first, last := c.hops[0].Capabilities(), c.hops[len(c.hops)-1].Capabilities()
	out := Capabilities{Modes: first.Modes, Front: first.Front, Back: last.Back, TLS: first.TLS, Parent: last.Parent, Origins: last.Origins, Scalable: true}
	for _, hop := range c.hops {
		out.Scalable = out.Scalable && hop.Capabilities().Scalable
		out.Foreign = out.Foreign || hop.Capabilities().Foreign
	}
	return out
}

// Start starts the hops from the origin outward.
func (c *chain) Start(ctx context.Context, env Env) (Instance, error) {
	run := &chainInstance{origin: env.Origin, hops: make([]Instance, len(c.hops))}
	front := c.front(env.Mode)
	reach := env // what the next hop outward is to reach
	for i, hop := range slices.Backward(c.hops) {
		own := reach
		own.Seed = env.Seed + int64(i)
		own.Listen, own.Mode = "", innerMode(hop)
		if i == 0 {
			own.Listen, own.Mode = env.Listen, env.Mode
		}
		if i != front {
			own.Front = nil
		}
		if i != len(c.hops)-1 {
			own.Back = "" // between hops what comes of itself
			own.Others = nil
		}
		instance, err := hop.Start(ctx, own)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("hop %s: %w", hop.Name(), err), run.Close())
		}
		run.hops[i] = instance
		if i == 0 {
			break
		}
		route := instance.Route()
		if route.Base != nil {
			reach.Origin = route.Base
		}
		reach.Parent = route.Proxy
		// Who sets up the hop in front trusts those behind it.
		reach.RootsPEM = slices.Concat(reach.RootsPEM, route.RootsPEM)
	}
	run.inner = reach.Origin
	return run, nil
}

// front is the hop that is the first to see what clients say, through those
// that tunnel or pass bytes; -1 if none is.
func (c *chain) front(outer Mode) int {
	for i, hop := range c.hops {
		mode := innerMode(hop)
		if i == 0 && outer != "" {
			mode = outer
		}
		if mode == Reverse {
			return i
		}
	}
	return -1
}

// innerMode is how a hop behind another one is asked.
func innerMode(p Proxy) Mode {
	modes := p.Capabilities().Modes
	for _, m := range []Mode{Reverse, TCP} {
		if slices.Contains(modes, m) {
			return m
		}
	}
	return Forward
}

// chainInstance is a started chain; hops not started yet are nil.
type chainInstance struct {
	origin *url.URL
	inner  *url.URL // what the first hop leads to
	hops   []Instance
}

// Route is the first hop's. A forward proxy in front is asked for the next
// hop's address.
func (c *chainInstance) Route() Route {
	route := c.hops[0].Route()
	if route.Proxy != nil && route.Base == nil && c.inner != c.origin {
		inner := *c.inner
		route.Base = &inner
	}
	route.RootsPEM = nil
	for _, hop := range c.hops {
		route.RootsPEM = append(route.RootsPEM, hop.Route().RootsPEM...)
	}
	return route
}

// Stats counts towards clients at the first hop and towards the origin at the
// last. Hits are those of the hop that saw fewest, because a chain was passed
// only if every hop was.
func (c *chainInstance) Stats() Stats {
	first, last := c.hops[0].Stats(), c.hops[len(c.hops)-1].Stats()
	out := Stats{Hits: -1, Accepted: first.Accepted, OpenClients: first.OpenClients, Upstream: last.Upstream}
	for _, hop := range c.hops {
		if n := hop.Stats().Hits; n >= 0 && (out.Hits < 0 || n < out.Hits) {
			out.Hits = n
		}
	}
	return out
}

func (c *chainInstance) Version() string    { return c.joined(Instance.Version) }
func (c *chainInstance) ConfigHash() string { return c.joined(Instance.ConfigHash) }

func (c *chainInstance) joined(of func(Instance) string) string {
	var parts []string
	for _, hop := range c.hops {
		if s := of(hop); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "+")
}

func (c *chainInstance) Close() error {
	var errs []error
	for _, hop := range c.hops {
		if hop != nil {
			errs = append(errs, hop.Close())
		}
	}
	return errors.Join(errs...)
}
