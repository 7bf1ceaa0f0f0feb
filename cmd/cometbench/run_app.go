package main

import (
	"context"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// appParallel is how many requests an application is asked at once, unless
// --parallel says otherwise: it is somebody's, and may cost money.
const appParallel = 4

// ownApplication reports whether the run measures somebody's own endpoint.
func (o runOptions) ownApplication() bool { return o.App != "" || len(o.Vias) > 0 }

// checkApp refuses what goes with the reference server only.
func (o runOptions) checkApp() error {
	if !o.ownApplication() {
		return nil
	}
	switch {
	case len(o.Techniques) > 0:
		return usage("--technique goes with the reference server; an application is asked as its file says (--app)")
	case o.origin != "" || o.listen != "":
		return usage("--origin and --origin-listen go with the reference server; --app or --via name the application")
	case len(o.Variants) > 0:
		return usage("--variant goes with the reference server")
	case slices.ContainsFunc(o.Clients, func(c string) bool { return c != "go" }):
		return usage("an application is asked by the Go client only; leave --client away")
	case len(o.Vias) > 0 && len(o.Proxies) > 0:
		return usage("--via and --proxy exclude each other: one asks along paths that exist, the other puts proxies of ours in front")
	case len(o.Vias) > 0 && o.TLS:
		return usage("--tls goes with proxies of ours; along --via the URLs say it, as https://…")
	case len(o.Vias) == 0 && slices.ContainsFunc(o.HTTP, func(v string) bool { return v == "2" || v == "3" }):
		return usage("--http %s: proxies of ours reach an application over HTTP/1.0 and 1.1; over --via it may be 2", strings.Join(o.HTTP, ","))
	case slices.Contains(o.HTTP, "3"):
		return usage("--http 3: an application is asked over HTTP/1.0, 1.1 or 2")
	case len(o.Vias) == 1:
		return usage("--via needs at least two paths to compare, as --via direct=URL --via cdn=URL; one alone is --app URL")
	}
	return nil
}

// application reads --app and --via.
func (o runOptions) application() (*scenarios.Application, error) {
	vias, err := parseVias(o.Vias)
	if err != nil {
		return nil, err
	}
	var spec *app.Spec
	switch {
	case o.App == "":
		spec, err = app.FromURL(vias[0].URL.String())
	case strings.Contains(o.App, "://"):
		spec, err = app.FromURL(o.App)
	default:
		spec, err = app.Load(o.App)
		if os.IsNotExist(err) {
			return nil, usage("--app %s: there is no such file; give a file or a URL, as https://app.example/stream", o.App)
		}
	}
	if err != nil {
		return nil, usage("--app: %w", err)
	}
	a, err := scenarios.NewApplication(spec, o.TLS)
	if err != nil {
		return nil, usage("--app: %w", err)
	}
	if len(vias) > 0 {
		if err := a.Along(vias); err != nil {
			return nil, usage("--via: %w", err)
		}
	}
	return a, nil
}

var viaName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func parseVias(wanted []string) ([]scenarios.Via, error) {
	var out []scenarios.Via
	for _, w := range wanted {
		name, raw, ok := strings.Cut(w, "=")
		if !ok || !viaName.MatchString(name) {
			return nil, usage("--via %q: want NAME=URL, as cdn=https://www.example/stream", app.RedactURL(w))
		}
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, usage("--via %s=%s: want an http or https URL", name, app.RedactURL(raw))
		}
		if slices.ContainsFunc(out, func(v scenarios.Via) bool { return v.Name == name }) {
			return nil, usage("--via %s is there twice; give each path a name of its own", name)
		}
		out = append(out, scenarios.Via{Name: name, URL: u})
	}
	return out, nil
}

// appMatrix is the matrix of an application: one technique, the Go client.
func (o runOptions) appMatrix(a *scenarios.Application) (scenarios.Matrix, error) {
	m := scenarios.Matrix{Techniques: []measure.Technique{measure.App(a.Spec.Framing)}, HTTP: o.HTTP, TLS: o.TLS}
	var err error
	var tier scenarios.Tier
	if m.Checks, tier, err = selectAppChecks(o.Checks); err != nil {
		return m, err
	}
	m.Tier = func(scenarios.Combination) scenarios.Tier { return tier }
	if _, err := selectHTTP(o.HTTP); err != nil {
		return m, err
	}
	goClient, _ := clients.ByName("go")
	m.Clients = []scenarios.Receiver{{Name: "go", Client: goClient}}
	if m.Paths = a.Paths(); len(m.Paths) > 0 {
		return m, nil
	}
	wanted := o.Proxies
	if len(wanted) == 0 {
		wanted = []string{"direct"}
	}
	if m.Paths, err = selectPaths(wanted, o.Modes, true); err != nil {
		return m, err
	}
	for _, p := range m.Paths {
		if strings.HasPrefix(p.Proxy.Name(), "reverse:") {
			return m, usage("proxy %s: an address that leads to the application already is --via NAME=URL", p.Proxy.Name())
		}
	}
	return m, nil
}

// selectAppChecks refuses checks that nobody can ask of an application, where
// they are named exactly or alone.
// What needs the reference server is listed as far as every run asks it.
func selectAppChecks(wanted []string) ([]scenarios.Check, scenarios.Tier, error) {
	out, tier, err := selectChecks(scenarios.ApplicationChecks(), wanted, scenarios.Quick)
	if err != nil {
		return nil, tier, err
	}
	var own []string
	for _, c := range scenarios.ChecksOfApplication() {
		own = append(own, c.ID)
	}
	unasked := func(id string) bool { return !slices.Contains(own, id) }
	for _, c := range out {
		named := slices.ContainsFunc(wanted, func(list string) bool { return slices.Contains(strings.Split(list, ","), c.ID) })
		if named && unasked(c.ID) {
			return nil, tier, usage("--check %s: it needs the reference server; of an application one can ask %s", c.ID, strings.Join(own, ", "))
		}
	}
	if !slices.ContainsFunc(out, func(c scenarios.Check) bool { return !unasked(c.ID) }) {
		return nil, tier, usage("--check %s: nothing of that can be asked of an application; one can ask %s", strings.Join(wanted, ","), strings.Join(own, ", "))
	}
	return out, tier, nil
}

// preflightApp asks once before anything is written down.
func preflightApp(ctx context.Context, a *scenarios.Application, m scenarios.Matrix) error {
	version := "1.1"
	if len(m.HTTP) > 0 {
		version = m.HTTP[0]
	}
	if err := a.Preflight(ctx, m.Clients[0].Client, version); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return usage("%w", err)
	}
	return nil
}
