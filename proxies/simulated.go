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

// Capabilities leaves TCP mode out where a fault needs to see HTTP.
func (s *simulated) Capabilities() Capabilities {
	modes := s.modes
	if modes == nil {
		modes = []Mode{Reverse, Forward, TCP}
		if s.needsHTTP() != "" {
			modes = modes[:2]
		}
	}
	return Capabilities{Modes: slices.Clone(modes), Front: httpVersions(), Back: httpVersions(), TLS: true, Scalable: !s.limitedInWireTime(), Parent: true}
}

// limitedInWireTime reports whether a fault ends or holds exchanges after a wire
// time. A short scaled silence would miss it and say that a long one survives.
func (s *simulated) limitedInWireTime() bool {
	return slices.ContainsFunc(s.faults, func(f faultSpec) bool {
		return slices.Contains([]string{"cut", "scan", "h2-reset", "reload"}, f.fault.Name)
	})
}

// needsHTTP returns the name of a fault that cannot act on bytes alone.
func (s *simulated) needsHTTP() string {
	for _, f := range s.faults {
		hooks, err := f.fault.New(f.args)
		blind := err == nil && (hooks.Tunnel != nil || hooks.Conn != nil)
		for _, c := range f.conditions {
			blind = blind && (c.key == "first" || c.key == "chance")
		}
		if !blind {
			return f.fault.Name
		}
	}
	return ""
}

func (s *simulated) Start(ctx context.Context, env Env) (Instance, error) {
	env, err := s.checked(env)
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, env.Listen)
	if err != nil {
		return nil, err
	}
	return s.startOn(listener, (&net.Dialer{Timeout: dialTimeout}).DialContext, env)
}

// startOn starts with a listener and a way to dial, which tests bring along.
func (s *simulated) startOn(listener net.Listener, dial dialFunc, env Env) (Instance, error) {
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
	if env.Back != "" && !slices.Contains(httpVersions(), env.Back) {
		return env, fmt.Errorf("proxy %s: no HTTP/%s towards the origin", quoteName(s.name), env.Back)
	}
	if env.Mode == "" {
		env.Mode = s.Capabilities().Modes[0]
	}
	if !slices.Contains(s.Capabilities().Modes, env.Mode) {
		if f := s.needsHTTP(); env.Mode == TCP && f != "" {
			return env, &UnsupportedError{Proxy: s.name, Reason: "fault " + f + " needs to see HTTP, it cannot act in tcp mode"}
		}
		return env, fmt.Errorf("proxy %s: no %s mode", quoteName(s.name), env.Mode)
	}
	if f := s.needsHTTP(); env.Mode == Forward && env.Origin.Scheme == "https" && f != "" {
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
		return Route{Proxy: &at}
	}
	return Route{Base: &at}
}

func (r *running) Stats() Stats       { return r.hop.counts.stats() }
func (r *running) Version() string    { return r.basis }
func (r *running) ConfigHash() string { return "" }
func (r *running) Close() error       { return r.hop.Close() }
