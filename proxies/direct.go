package proxies

import (
	"context"
	"errors"
	"net/url"
)

// direct is the control without any hop.
type direct struct{}

func (direct) Name() string     { return "direct" }
func (direct) Scope() Scope     { return PerCell }
func (direct) Available() error { return nil }

func (direct) Capabilities() Capabilities {
	return Capabilities{Modes: []Mode{Reverse}, Front: []string{"1.0", "1.1", "2", "3"}, Back: []string{"1.0", "1.1", "2", "3"}, TLS: true}
}

func (direct) Start(_ context.Context, env Env) (Instance, error) {
	if env.Origin == nil {
		return nil, errors.New("direct: no origin")
	}
	return fixedRoute{env.Origin}, nil
}

// fixedRoute is an instance that is only an address; it sees nothing, and
// there is nothing to close.
type fixedRoute struct{ base *url.URL }

func (f fixedRoute) Route() Route {
	base := *f.base
	return Route{Base: &base}
}

func (fixedRoute) Stats() Stats       { return Stats{Hits: -1, Accepted: -1, Upstream: -1, OpenClients: -1} }
func (fixedRoute) Version() string    { return "" }
func (fixedRoute) ConfigHash() string { return "" }
func (fixedRoute) Close() error       { return nil }
