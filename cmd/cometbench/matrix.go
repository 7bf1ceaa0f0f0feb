package main

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/external"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// clientNames lists the clients: the real ones, then the models.
func clientNames() []string {
	names := append([]string{"go"}, browsers.Names()...)
	for _, m := range clients.Models() {
		names = append(names, m.Name())
	}
	for _, p := range external.Programs() {
		names = append(names, p.Name)
	}
	return names
}

// programsAtOnce is how many processes of an external client there are at once:
// each is a Node of 60 MB, which takes half a second of a core to start.
const programsAtOnce = 8

// sameHost reports whether the origin's URL has the same host and port.
func sameHost(origin string, u *url.URL) bool {
	o, err := url.Parse(origin)
	return origin != "" && err == nil && o.Host == u.Host
}

func selectTechniques(wanted []string) ([]measure.Technique, error) {
	var known []string
	var out []measure.Technique
	for _, t := range append(measure.Techniques(), measure.Demos()...) {
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

// selectChecks finds the checks that are named, whatever their tier, or all up
// to a tier when none is. It also says how deep they go.
func selectChecks(all []scenarios.Check, wanted []string, tier scenarios.Tier) ([]scenarios.Check, scenarios.Tier, error) {
	if len(wanted) == 0 {
		return scenarios.UpTo(all, tier), tier, nil
	}
	var known []string
	for _, c := range all {
		known = append(known, c.ID)
	}
	names, err := selectNames("check", wanted, known)
	if err != nil {
		return nil, tier, err
	}
	return scenarios.Match(all, names), scenarios.Full, nil
}

func selectHTTP(wanted []string) ([]string, error) {
	for _, v := range wanted {
		if !slices.Contains([]string{"1.0", "1.1", "2", "3"}, v) {
			return nil, usage("--http %q: want 1.0, 1.1, 2 or 3", v)
		}
	}
	return wanted, nil
}

// selectVariants adds the usual form in front, so that it is there to compare.
func selectVariants(wanted []string) ([]string, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var known []string
	for _, t := range measure.Techniques() {
		for _, v := range t.Variants {
			if !slices.Contains(known, v) {
				known = append(known, v)
			}
		}
	}
	for _, v := range wanted {
		if !slices.Contains(known, v) {
			return nil, unknownName("variant", v, known)
		}
	}
	return append([]string{""}, wanted...), nil
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

// selectPaths parses proxies. What is named exactly and missing here is an
// error if exact is set; else, and by glob, it is only skipped.
func selectPaths(wanted, modes []string, exact bool) ([]scenarios.Path, error) {
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
	if len(specs) == 0 {
		return nil, usage("--proxy is empty; cometbench list proxies shows the names")
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
			return nil, usage("%w%s", err, proxyHint(spec))
		}
		missing := p.Available()
		var notInstalled *proxies.MissingError
		if missing != nil && (!errors.As(missing, &notInstalled) || exact && !globbed[spec]) {
			return nil, usage("proxy %s: %w", spec, missing)
		}
		paths := inModes(p, wantModes, missing)
		if len(paths) == 0 && !globbed[spec] {
			return nil, usage("proxy %s does not run in mode %s; leave --mode away or name other proxies", p.Name(), wantModes[0])
		}
		out = append(out, paths...)
	}
	if len(out) == 0 {
		return nil, usage("none of these proxies runs in mode %s", wantModes[0])
	}
	return out, nil
}

// proxyHint says what a spec that is none was perhaps meant to be.
func proxyHint(spec string) string {
	switch {
	case strings.HasPrefix(spec, "http://"), strings.HasPrefix(spec, "https://"):
		return "; a forward proxy that runs is forward:URL, an address that leads to the origin reverse:URL"
	case strings.HasSuffix(spec, ".conf"), strings.HasSuffix(spec, ".cfg"):
		return "; a real program with your file is real:nginx@" + spec + " or real:haproxy@" + spec
	}
	return "; cometbench list proxies shows all"
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
func inModes(p proxies.Proxy, wanted []proxies.Mode, missing error) []scenarios.Path {
	has := p.Capabilities().Modes
	if len(wanted) == 0 || p.Name() == "direct" {
		mode := proxies.Reverse
		if len(has) > 0 && !slices.Contains(has, mode) {
			mode = has[0]
		}
		return []scenarios.Path{{Proxy: p, Mode: mode, Missing: missing}}
	}
	var out []scenarios.Path
	for _, m := range wanted {
		if slices.Contains(has, m) {
			out = append(out, scenarios.Path{Proxy: p, Mode: m, Missing: missing})
		}
	}
	return out
}

// selectClients makes the clients; as with proxies, what is missing is an
// error if exact is set. A browser is started by its first use. The returned
// function closes them.
func selectClients(ctx context.Context, names []string, exact bool) ([]scenarios.Receiver, func(), error) {
	var out []scenarios.Receiver
	closeAll := func() {
		for _, r := range out {
			if r.Client != nil {
				r.Client.Close()
			}
		}
	}
	for _, name := range names {
		if c, ok := clients.ByName(name); ok {
			r := scenarios.Receiver{Name: name, Client: c}
			if name == "model:two-connections" {
				r.AtOnce = 2 // it has no third socket to the origin they all share
			}
			out = append(out, r)
			continue
		}
		c, most, err := programOrBrowser(ctx, name)
		switch {
		case err == nil:
			out = append(out, scenarios.Receiver{Name: name, Client: c, AtOnce: most})
		case exact:
			closeAll()
			return nil, func() {}, usage("client %s: %w", name, err)
		default:
			out = append(out, scenarios.Receiver{Name: name, Missing: err})
		}
	}
	return out, closeAll, nil
}

// programOrBrowser starts what a client of that name needs, and says how many
// subscriptions it carries at once.
func programOrBrowser(ctx context.Context, name string) (c measure.Client, most int, err error) {
	if p, ok := external.ByName(name); ok {
		kit, err := external.Install(ctx, "")
		if err != nil {
			return nil, 0, err
		}
		return external.NewClient(kit, p), programsAtOnce, nil
	}
	b, err := browsers.New(ctx, name, browsers.Options{})
	if err != nil {
		return nil, 0, err
	}
	return b, b.MostContexts(), nil
}

func globMatch(pattern, name string) bool { return measure.Glob([]string{pattern}, name) }
