package proxies

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
)

// simulated is a hop of ours: transparent, with faults, or a preset.
type simulated struct {
	name   string
	faults []faultSpec
	modes  []Mode // nil: what the faults allow
	basis  string // of a preset: what it is modelled on
}

func (s *simulated) Name() string     { return s.name }
func (s *simulated) Scope() Scope     { return PerCell }
func (s *simulated) Available() error { return nil }

// Capabilities leaves out the modes in which a fault cannot act.
func (s *simulated) Capabilities() Capabilities {
	modes := slices.Clone(s.modes)
	if modes == nil {
		modes = slices.DeleteFunc([]Mode{Reverse, Forward, TCP}, func(m Mode) bool { return s.cannot(m) != "" })
	}
	origins := 0
	for _, f := range s.faults {
		origins = max(origins, f.fault.Origins)
	}
	return Capabilities{Modes: modes, Front: httpVersions(), Back: httpVersions(), TLS: true, Scalable: !s.limitedInWireTime(), Parent: true, Origins: origins}
}

// cannot returns why these faults cannot act in a mode, "" if they can.
func (s *simulated) cannot(m Mode) string {
	for _, f := range s.faults {
		if only := f.fault.Modes; only != nil && !slices.Contains(only, m) {
			return fmt.Sprintf("fault %s cannot act in %s mode", f.fault.Name, m)
		}
	}
	if f := s.needsHTTP(m); m == TCP && f != "" {
		return "fault " + f + " needs to see HTTP, it cannot act in tcp mode"
	}
	return ""
}

// limitedInWireTime reports whether a fault ends or holds exchanges after a wire
// time. A short scaled silence would miss it and say that a long one survives.
func (s *simulated) limitedInWireTime() bool {
	return slices.ContainsFunc(s.faults, func(f faultSpec) bool {
		return slices.Contains([]string{"cut", "scan", "h2-reset", "reload"}, f.fault.Name) || f.fault.Name == "blackhole" && f.args.Has("after")
	})
}

// needsHTTP returns the name of a fault that cannot act on bytes alone, as a
// relay or a forward proxy that tunnels TLS unseen has to; "" if all can.
func (s *simulated) needsHTTP(m Mode) string {
	blind := ""
	for _, f := range s.faults {
		hooks, err := f.fault.New(f.args)
		if m == Forward && hooks.Inspect && len(f.conditions) == 0 {
			return "" // HTTP is seen after all
		}
		can := err == nil && (hooks.Tunnel != nil || hooks.Conn != nil || hooks.Connect != nil || hooks.Dial != nil || hooks.Inspect || hooks.Outage != nil)
		for _, c := range f.conditions {
			can = can && (c.key == "first" || c.key == "chance")
		}
		if !can && blind == "" {
			blind = f.fault.Name
		}
	}
	return blind
}

func (s *simulated) Start(ctx context.Context, env Env) (Instance, error) {
	env, err := s.checked(env)
	if err != nil {
		return nil, err
	}
	if o := s.outage(); o != nil {
		return s.startCutOff(ctx, env, *o)
	}
	listener, err := listen(ctx, env.Listen)
	if err != nil {
		return nil, err
	}
	return s.startOn(listener, dialer, env)
}

// dialer opens real connections.
func dialer(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
}

// startOn starts with a listener and a way to dial, which tests bring along.
func (s *simulated) startOn(listener net.Listener, dial Dialer, env Env) (Instance, error) {
	h, err := startHop(listener, dial, env, s.faults)
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("proxy %s: %w", quoteName(s.name), err)
	}
	return &running{hop: h, basis: s.basis, at: &url.URL{Scheme: schemeOf(env), Host: listener.Addr().String()}}, nil
}

// schemeOf is how a hop's address is asked: a relay of bytes speaks what its
// origin speaks.
func schemeOf(env Env) string {
	switch {
	case env.Mode == TCP:
		return env.Origin.Scheme
	case env.Mode == Reverse && env.Front != nil:
		return "https"
	}
	return "http"
}

func (s *simulated) checked(env Env) (Env, error) {
	if env.Origin == nil || env.Origin.Hostname() == "" {
		return env, fmt.Errorf("proxy %s: no origin", quoteName(s.name))
	}
	if env.Origin.Scheme != "http" && env.Origin.Scheme != "https" {
		return env, fmt.Errorf("proxy %s: origin %s: want http or https", quoteName(s.name), quoteName(env.Origin.String()))
	}
	for _, other := range env.Others {
		if other == nil || other.Scheme != env.Origin.Scheme || other.Hostname() == "" {
			return env, fmt.Errorf("proxy %s: further origins: want %s://host:port as the first", quoteName(s.name), env.Origin.Scheme)
		}
	}
	for _, f := range s.faults {
		if f.fault.Origins > 1+len(env.Others) {
			return env, &UnsupportedError{Proxy: s.name, Reason: fmt.Sprintf("fault %s needs %d origins", f.fault.Name, f.fault.Origins)}
		}
	}
	if env.Back != "" && !slices.Contains(httpVersions(), env.Back) {
		return env, fmt.Errorf("proxy %s: no HTTP/%s towards the origin", quoteName(s.name), env.Back)
	}
	if env.Mode == "" {
		env.Mode = s.Capabilities().Modes[0]
	}
	if !slices.Contains(s.Capabilities().Modes, env.Mode) {
		if reason := s.cannot(env.Mode); reason != "" {
			return env, &UnsupportedError{Proxy: s.name, Reason: reason}
		}
		return env, fmt.Errorf("proxy %s: no %s mode", quoteName(s.name), env.Mode)
	}
	if f := s.needsHTTP(Forward); env.Mode == Forward && env.Origin.Scheme == "https" && f != "" {
		return env, &UnsupportedError{Proxy: s.name, Reason: "fault " + f + " needs to see HTTP, and a forward proxy tunnels TLS unseen"}
	}
	if env.Mode == TCP && env.Parent != nil {
		return env, errors.New("a tcp relay cannot go through a forward proxy")
	}
	if env.Scale < 0 {
		return env, fmt.Errorf("proxy %s: negative time scale", quoteName(s.name))
	}
	return env, nil
}

// running is a started simulated hop.
type running struct {
	hop   *hop
	basis string
	at    *url.URL
}

func (r *running) Route() Route {
	at := *r.at
	if r.hop.mode == Forward {
		return Route{Proxy: &at, RootsPEM: r.hop.rootsPEM()}
	}
	return Route{Base: &at}
}

func (r *running) Stats() Stats       { return r.hop.counts.stats() }
func (r *running) Version() string    { return r.basis }
func (r *running) ConfigHash() string { return "" }
func (r *running) Close() error       { return r.hop.Close() }
