package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// The default matrix. The browser takes the paths and the questions on which it
// could differ; silence and departures are the path's matter, and the Go client
// asks about them at a tenth of the cost.
var (
	defaultProxies = []string{
		"direct", "transparent", "fault:buffer(until=close)", "nginx-default",
		"real:nginx", "real:nginx/streaming", "real:haproxy", "real:haproxy/streaming",
	}
	defaultBrowserProxies = []string{"direct", "fault:buffer(until=close)", "real:nginx", "real:nginx/streaming"}
	defaultBrowserChecks  = []string{"opening/connect", "delivery/first", "delivery/steady", "delivery/burst", "ending/recycle", "counting/connections"}
	clientNames           = []string{"go", "chromium"}
)

// browserContexts is how many contexts one browser has open at once: each is a
// page of its own, and two cores draw about so many without delay.
const browserContexts = 16

// matrix resolves the names of a run. What is named exactly and missing here
// is an error; by default or by glob it is skipped. The returned function
// closes the clients.
func (o runOptions) matrix(ctx context.Context) (scenarios.Matrix, func(), error) {
	var m scenarios.Matrix
	none := func() {}
	var err error
	if m.Techniques, err = selectTechniques(o.techniques); err != nil {
		return m, none, err
	}
	if m.Checks, err = selectChecks(o.checks); err != nil {
		return m, none, err
	}
	if m.HTTP, err = selectHTTP(o.http); err != nil {
		return m, none, err
	}
	if m.Paths, err = selectPaths(o.proxies, o.modes); err != nil {
		return m, none, err
	}
	if len(o.proxies) == 0 && len(o.clients) == 0 {
		m.Include = func(l measure.Labels) bool {
			return l.Client == "go" || slices.Contains(defaultBrowserProxies, l.Proxy)
		}
		m.Ask = func(l measure.Labels, check string) bool {
			return l.Client == "go" || slices.Contains(defaultBrowserChecks, check)
		}
	}
	var closeAll func()
	m.Clients, closeAll, err = selectClients(ctx, o.clients, len(o.proxies) > 0)
	return m, closeAll, err
}

func selectTechniques(wanted []string) ([]measure.Technique, error) {
	var known []string
	var out []measure.Technique
	for _, t := range measure.Techniques() {
		known = append(known, t.Name)
		if len(wanted) == 0 && t.Default {
			out = append(out, t)
		}
	}
	names, err := selectNames("technique", wanted, known)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		t, _ := measure.TechniqueByName(n)
		out = append(out, t)
	}
	return out, nil
}

func selectChecks(wanted []string) ([]scenarios.Check, error) {
	all := scenarios.All()
	if len(wanted) == 0 {
		return all, nil
	}
	var known []string
	for _, c := range all {
		known = append(known, c.ID)
	}
	names, err := selectNames("check", wanted, known)
	if err != nil {
		return nil, err
	}
	return scenarios.Match(all, names), nil
}

func selectHTTP(wanted []string) ([]string, error) {
	for _, v := range wanted {
		if !slices.Contains([]string{"1.0", "1.1"}, v) {
			return nil, usage("--http %q: want 1.0 or 1.1", v)
		}
	}
	return wanted, nil
}

// knownProxies are the names that a glob can match.
func knownProxies() []string {
	names := []string{"direct", "transparent"}
	for _, p := range proxies.Presets() {
		names = append(names, p.Name)
	}
	for _, p := range real.Programs() {
		for i := range p.Configs {
			names = append(names, realSpec(p, i))
		}
	}
	return names
}

// realSpec is how a program with one of its configurations is written; the
// bare name means the first.
func realSpec(p real.Program, config int) string {
	if config == 0 {
		return "real:" + p.Name
	}
	return "real:" + p.Name + "/" + p.Configs[config].Name
}

func selectPaths(wanted, modes []string) ([]scenarios.Path, error) {
	exact := len(wanted) > 0
	var specs []string
	globbed := map[string]bool{}
	for _, list := range wanted {
		for _, spec := range proxies.Split(list) {
			if !strings.ContainsAny(spec, "*?[") || strings.Contains(spec, ":/") {
				specs = append(specs, spec)
				continue
			}
			before := len(specs)
			for _, name := range knownProxies() {
				if globMatch(spec, name) {
					specs = append(specs, name)
					globbed[name] = true
				}
			}
			if len(specs) == before {
				return nil, usage("proxy pattern %q matches nothing; cometbench list proxies shows all", spec)
			}
		}
	}
	if !exact {
		specs = defaultProxies
	}
	wantModes, err := selectModes(modes)
	if err != nil {
		return nil, err
	}
	var out []scenarios.Path
	seen := map[string]bool{}
	for _, spec := range specs {
		if seen[spec] {
			continue
		}
		seen[spec] = true
		p, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
		if err != nil {
			return nil, usage("%w", err)
		}
		missing := p.Available()
		var notInstalled *proxies.MissingError
		if missing != nil && (!errors.As(missing, &notInstalled) || exact && !globbed[spec]) {
			return nil, usage("proxy %s: %w", spec, missing)
		}
		paths, err := inModes(p, wantModes, missing)
		if err != nil {
			return nil, err
		}
		out = append(out, paths...)
	}
	return out, nil
}

func selectModes(wanted []string) ([]proxies.Mode, error) {
	var out []proxies.Mode
	for _, list := range wanted {
		for _, m := range strings.Split(list, ",") {
			if m != string(proxies.Reverse) && m != string(proxies.Forward) {
				return nil, usage("--mode %q: want reverse or forward", m)
			}
			out = append(out, proxies.Mode(m))
		}
	}
	return out, nil
}

// inModes gives a proxy in each wanted mode it has; its first one by default.
func inModes(p proxies.Proxy, wanted []proxies.Mode, missing error) ([]scenarios.Path, error) {
	has := p.Capabilities().Modes
	if len(wanted) == 0 || len(has) < 2 {
		mode := proxies.Reverse
		if len(has) > 0 && !slices.Contains(has, mode) {
			mode = has[0]
		}
		return []scenarios.Path{{Proxy: p, Mode: mode, Missing: missing}}, nil
	}
	var out []scenarios.Path
	for _, m := range wanted {
		if slices.Contains(has, m) {
			out = append(out, scenarios.Path{Proxy: p, Mode: m, Missing: missing})
		}
	}
	if len(out) == 0 {
		return nil, usage("proxy %s does not run in mode %s", p.Name(), wanted[0])
	}
	return out, nil
}

// selectClients makes the clients. Chromium is started by its first use.
func selectClients(ctx context.Context, wanted []string, proxyGiven bool) ([]scenarios.Receiver, func(), error) {
	names := []string{"go"}
	exact := len(wanted) > 0
	if exact {
		var err error
		if names, err = selectNames("client", wanted, clientNames); err != nil {
			return nil, func() {}, err
		}
	} else if !proxyGiven {
		names = clientNames
	}
	var out []scenarios.Receiver
	closeAll := func() {
		for _, r := range out {
			if r.Client != nil {
				r.Client.Close()
			}
		}
	}
	for _, name := range names {
		if name == "go" {
			out = append(out, scenarios.Receiver{Name: name, Client: clients.NewGo()})
			continue
		}
		c, err := browsers.NewChromium(ctx, browsers.Options{MostContexts: browserContexts})
		switch {
		case err == nil:
			out = append(out, scenarios.Receiver{Name: name, Client: c, AtOnce: browserContexts})
		case exact:
			closeAll()
			return nil, func() {}, usage("client %s: %w", name, err)
		default:
			out = append(out, scenarios.Receiver{Name: name, Missing: err})
		}
	}
	return out, closeAll, nil
}

func globMatch(pattern, name string) bool { return scenarios.Glob([]string{pattern}, name) }
