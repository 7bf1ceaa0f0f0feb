package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Via is a path that leads to the application already: its name in results,
// and the URL at which the application answers behind it.
type Via struct {
	Name string
	URL  *url.URL
}

// viaRounds is how often each path is asked, turn by turn.
const viaRounds = 3

// Along makes the run ask the application along paths that exist, in the order
// from the application outward: the first is what the others are held
// against. It fails when the budget does not pay for one round.
func (a *Application) Along(vias []Via) error {
	if left := a.budget.Left(); left >= 0 && left < len(vias)+1 {
		return fmt.Errorf("a budget of %d requests does not pay for one round over %d paths and a first look (%d)", left, len(vias), len(vias)+1)
	}
	for _, v := range vias {
		a.Spec.HideURL(v.URL.String())
	}
	a.vias = vias
	a.rounds = &rounds{app: a}
	return nil
}

// Paths are those paths, as a matrix wants them.
func (a *Application) Paths() []Path {
	var out []Path
	for _, v := range a.vias {
		out = append(out, Path{Proxy: viaPath{v}, Mode: proxies.Reverse})
	}
	return out
}

// viaPath is such a path as a proxy: an address, and nothing that could be
// started, counted or scaled.
type viaPath struct{ via Via }

func (p viaPath) Name() string         { return p.via.Name }
func (p viaPath) Scope() proxies.Scope { return proxies.PerCell }
func (p viaPath) Available() error     { return nil }

func (p viaPath) Capabilities() proxies.Capabilities {
	return proxies.Capabilities{Modes: []proxies.Mode{proxies.Reverse}, TLS: true, Foreign: true}
}

func (p viaPath) Start(context.Context, proxies.Env) (proxies.Instance, error) {
	return viaPath{p.via}, nil
}
func (p viaPath) Route() proxies.Route { return proxies.Route{Base: p.via.URL} }
func (p viaPath) Version() string      { return "" }
func (p viaPath) ConfigHash() string   { return "" }
func (p viaPath) Close() error         { return nil }
func (p viaPath) Stats() proxies.Stats {
	return proxies.Stats{Hits: -1, Accepted: -1, Upstream: -1, OpenClients: -1}
}

func isVia(p Path) bool {
	_, is := p.Proxy.(viaPath)
	return is
}

// rounds asks all paths turn by turn, once for the whole run: what differs
// between them is then the paths' doing, and not the hour's.
type rounds struct {
	app  *Application
	once sync.Once
	err  error
	of_  map[string]*Evidence
}

func (r *rounds) of(ctx context.Context, b *Bench) (*Evidence, error) {
	r.once.Do(func() { r.of_, r.err = r.run(ctx, b) })
	if r.err != nil {
		return nil, r.err
	}
	e := r.of_[b.Path]
	if e == nil {
		return nil, fmt.Errorf("path %s was not asked", b.Path)
	}
	if !has(measure.Dial)(e.Client) {
		return nil, errors.New("nothing answers at the path's address" + excerpt(e))
	}
	return e, nil
}

func (r *rounds) run(ctx context.Context, b *Bench) (map[string]*Evidence, error) {
	parts := map[string][]*Evidence{}
	vias := slices.Clone(r.app.vias)
	for round := range viaRounds {
		if left := r.app.budget.Left(); round > 0 && left >= 0 && left < len(vias) {
			break // a round is whole or not at all
		}
		for _, v := range vias {
			e, err := r.app.along(ctx, b.Client, v, b.HTTP, false)
			if err != nil {
				return nil, fmt.Errorf("path %s: %w", v.Name, err)
			}
			parts[v.Name] = append(parts[v.Name], e)
		}
		vias = append(vias[1:], vias[0]) // nobody is always first
	}
	control := parts[r.app.vias[0].Name]
	out := map[string]*Evidence{}
	for _, v := range r.app.vias {
		for _, e := range parts[v.Name] {
			e.expect(control, parts[v.Name])
		}
		whole := *parts[v.Name][0]
		whole.Parts = parts[v.Name]
		out[v.Name] = &whole
	}
	return out, nil
}

// along asks once along one path; look leaves with the first message.
func (a *Application) along(ctx context.Context, client measure.Client, v Via, version string, look bool) (*Evidence, error) {
	if err := a.budget.Take(); err != nil {
		return nil, err
	}
	target, err := a.Spec.Target(a.Spec.At(v.URL))
	if err != nil {
		return nil, err
	}
	if _, said := a.Spec.Header("Authorization"); v.URL.User != nil && !said {
		target.Header.Del("Authorization") // this path has a user of its own, in its URL
	}
	target.HTTP = version
	if target.RootsPEM, err = a.Spec.Roots(); err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	if target.Identity, err = a.Spec.Identity(); err != nil {
		return nil, fmt.Errorf("client_certificate: %w", err)
	}
	e, err := listener{client: client, spec: a.Spec, look: look}.listen(ctx, target)
	if err == nil {
		e.connected(v.URL.Scheme == "https")
	}
	return e, err
}

// Preflight asks the application once, without any proxy of ours, and says
// why it cannot be measured, if it cannot. The first message shows that it
// can, and is the last that is waited for.
func (a *Application) Preflight(ctx context.Context, client measure.Client, version string) error {
	err := a.look(ctx, client, version)
	if errors.Is(err, app.ErrBudget) {
		return fmt.Errorf("%w before anything was measured; state a larger one", err)
	}
	if err != nil {
		return redactedError{err, a.Spec.Redact(err.Error())}
	}
	return nil
}

func (a *Application) look(ctx context.Context, client measure.Client, version string) error {
	if len(a.vias) > 0 {
		e, err := a.along(ctx, client, a.vias[0], version, true)
		if err != nil {
			return err
		}
		if err := a.Spec.Explain(e.untilReleased()); err != nil {
			return fmt.Errorf("path %s: %w", a.vias[0].Name, err)
		}
		return nil
	}
	site, err := a.Site()
	if err != nil {
		return err
	}
	defer site.Close()
	e, err := site.(*appSite).ask(ctx, &Bench{Client: client, HTTP: version, Scale: 1, RootsPEM: a.Roots()}, true)
	switch {
	case errors.Is(err, app.ErrBudget) || ctx.Err() != nil:
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", a.Spec.Name(), err)
	}
	return a.Spec.Explain(e.untilReleased())
}

// redactedError is an error whose text was cleared of secrets.
type redactedError struct {
	err  error
	text string
}

func (e redactedError) Error() string { return e.text }
func (e redactedError) Unwrap() error { return e.err }

// untilReleased are the client's events but for what our own ending of the
// exchange brought about.
func (e *Evidence) untilReleased() []measure.Event {
	if _, ended := e.originEnd(); ended || e.Released.IsZero() {
		return e.Client
	}
	return slices.DeleteFunc(slices.Clone(e.Client), func(ev measure.Event) bool { return ev.T >= e.Released.UnixMicro() })
}
