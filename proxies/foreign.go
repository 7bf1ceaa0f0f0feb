package proxies

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
)

// foreignForward is an HTTP proxy that somebody else runs. A relay of ours
// stands in front of it, and proves what passed.
type foreignForward struct {
	name string
	url  *url.URL
}

func (f *foreignForward) Name() string     { return f.name }
func (f *foreignForward) Scope() Scope     { return PerCell }
func (f *foreignForward) Available() error { return nil }

func (f *foreignForward) Capabilities() Capabilities {
	return Capabilities{Modes: []Mode{Forward}, Front: httpVersions(), Back: httpVersions(), TLS: true, Foreign: true}
}

func (f *foreignForward) Start(ctx context.Context, env Env) (Instance, error) {
	if env.Mode != "" && env.Mode != Forward {
		return nil, fmt.Errorf("proxy %s: no %s mode", quoteName(f.name), env.Mode)
	}
	if env.Parent != nil {
		return nil, fmt.Errorf("proxy %s: cannot be made to use another proxy", quoteName(f.name))
	}
	relay, err := startRelay(ctx, env.Listen, hostPort(f.url))
	if err != nil {
		return nil, err
	}
	at := *f.url // scheme and credentials stay
	at.Host = relay.Addr()
	return &relayed{relay: relay, at: &at}, nil
}

// relayed is a started relay in front of a foreign proxy.
type relayed struct {
	relay *Relay
	at    *url.URL
}

func (r *relayed) Route() Route {
	at := *r.at
	return Route{Proxy: &at}
}

// Stats counts as hits the connections that the proxy answered on.
func (r *relayed) Stats() Stats {
	s := r.relay.Stats()
	return Stats{Hits: s.Delivered, Accepted: s.Accepted, Upstream: s.Connected, OpenClients: s.Open, Undelivered: s.Undelivered}
}

func (r *relayed) Version() string    { return "" }
func (r *relayed) ConfigHash() string { return "" }
func (r *relayed) Close() error       { return r.relay.Close() }

// Relay returns the relay, for its own counters (undelivered connections).
func (r *relayed) Relay() *Relay { return r.relay }

// foreignReverse is an address that leads to the origin by ways of its own.
type foreignReverse struct {
	name string
	url  *url.URL
}

func (f *foreignReverse) Name() string     { return f.name }
func (f *foreignReverse) Scope() Scope     { return PerCell }
func (f *foreignReverse) Available() error { return nil }

func (f *foreignReverse) Capabilities() Capabilities {
	// What it speaks is only known when it is asked.
	return Capabilities{Modes: []Mode{Reverse}, Front: httpVersions(), Back: httpVersions(), TLS: f.url.Scheme == "https", Foreign: true}
}

func (f *foreignReverse) Start(_ context.Context, env Env) (Instance, error) {
	if env.Mode != "" && env.Mode != Reverse {
		return nil, fmt.Errorf("proxy %s: no %s mode", quoteName(f.name), env.Mode)
	}
	return fixedRoute{f.url}, nil
}

// proxyAuthorization is the header's value for u's credentials, "" for none.
func proxyAuthorization(u *url.URL) string {
	if u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
}
