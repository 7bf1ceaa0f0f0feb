package main

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

// block is one part of a matrix with its names resolved.
type block struct {
	techniques []measure.Technique
	paths      []scenarios.Path
	clients    []string
	http       []string
	variants   []string
	checks     []scenarios.Check
	tier       scenarios.Tier // how deep they go
}

// matrix resolves what a run measures: the blocks of its suite, of the default
// one where it has none, with the flags over them. The returned function closes
// the clients.
func (o runOptions) matrix(ctx context.Context, s *suite.Suite) (scenarios.Matrix, func(), error) {
	none := func() {}
	m := scenarios.Matrix{TLS: o.TLS}
	var blocks []block
	for _, b := range o.blocks(s) {
		resolved, err := o.resolve(b)
		if err != nil {
			return m, none, err
		}
		blocks = append(blocks, resolved)
	}
	var names []string
	for _, b := range blocks {
		m.Techniques = union(m.Techniques, b.techniques, func(a, b measure.Technique) bool { return a.Name == b.Name })
		m.Paths = union(m.Paths, b.paths, samePath)
		m.HTTP = union(m.HTTP, b.http, same)
		m.Variants = union(m.Variants, b.variants, same)
		names = union(names, b.clients, same)
	}
	for _, check := range scenarios.All() {
		if slices.ContainsFunc(blocks, func(b block) bool { return b.asks(check.ID) }) {
			m.Checks = append(m.Checks, check)
		}
	}
	if err := o.checkPaths(m.Paths); err != nil {
		return m, none, err
	}
	m.Include = func(c scenarios.Combination) bool {
		return slices.ContainsFunc(blocks, func(b block) bool { return b.has(c) }) && (s == nil || !s.Excludes(c.Labels))
	}
	m.Ask = func(c scenarios.Combination, check string) bool {
		return slices.ContainsFunc(blocks, func(b block) bool { return b.has(c) && b.asks(check) }) && (s == nil || !s.ExcludesCheck(c.Labels, check))
	}
	m.Tier = func(c scenarios.Combination) (deepest scenarios.Tier) {
		for _, b := range blocks {
			if b.has(c) {
				deepest = max(deepest, b.tier)
			}
		}
		return deepest
	}
	var closeAll func()
	var err error
	m.Clients, closeAll, err = selectClients(ctx, names, len(o.Clients) > 0)
	return m, closeAll, err
}

// blocks are those of the suite, with the flags over each. Without a suite,
// naming proxies or clients is asking about those: the default suite's extra
// blocks are left out then, and of proxies that are named more is asked.
func (o runOptions) blocks(s *suite.Suite) []suite.Block {
	var out []suite.Block
	switch usual := defaultSuite(); {
	case s != nil:
		out = s.Blocks()
	case len(o.Proxies) == 0 && len(o.Clients) == 0:
		out = usual.Blocks()
	default:
		out = []suite.Block{usual.Matrix}
	}
	over := func(to *[]string, flag []string) {
		if len(flag) > 0 {
			*to = flag
		}
	}
	for i := range out {
		b := &out[i]
		over(&b.Techniques, o.Techniques)
		over(&b.Proxies, o.Proxies)
		over(&b.Clients, o.Clients)
		over(&b.Checks, o.Checks)
		over(&b.Modes, o.Modes)
		over(&b.Variants, o.Variants)
		if s == nil || o.gave("http") {
			over(&b.HTTP, o.HTTP)
		}
		if s == nil && len(o.Proxies) > 0 && b.Tier == "" {
			b.Tier = scenarios.Thorough.String()
		}
	}
	return out
}

// resolve finds what the names of a block stand for.
func (o runOptions) resolve(b suite.Block) (block, error) {
	var out block
	var err error
	if out.techniques, err = selectTechniques(b.Techniques); err != nil {
		return out, err
	}
	if out.checks, out.tier, err = selectChecks(scenarios.All(), b.Checks, tierOf(b.Tier)); err != nil {
		return out, err
	}
	if out.http, err = selectHTTP(orOne(b.HTTP, "1.1")); err != nil {
		return out, err
	}
	if out.variants, err = selectVariants(b.Variants); err != nil {
		return out, err
	}
	if len(b.Proxies) == 0 {
		b.Proxies = defaultSuite().Matrix.Proxies
	}
	if out.paths, err = selectPaths(b.Proxies, b.Modes, len(o.Proxies) > 0); err != nil {
		return out, err
	}
	out.clients, err = selectNames("client", orOne(b.Clients, "go"), clientNames())
	return out, err
}

// checkPaths refuses paths that cannot lead to the run's origin.
func (o runOptions) checkPaths(paths []scenarios.Path) error {
	for _, p := range paths {
		_, address, _ := strings.Cut(p.Proxy.Name(), ":")
		if at, err := url.Parse(address); err == nil && at.Host != "" && (at.Host == o.listen || sameHost(o.origin, at)) {
			return usage("proxy %s: this is the origin's own address; name the proxy's", p.Proxy.Name())
		}
		if strings.HasPrefix(p.Proxy.Name(), "reverse:") && o.origin == "" && o.listen == "" {
			return usage("proxy %s: it must lead to the origin, so say where that is: --origin-listen HOST:PORT (ours, at the address it points at) or --origin URL", p.Proxy.Name())
		}
	}
	return nil
}

// has reports whether a combination is one of the block's.
func (b block) has(c scenarios.Combination) bool {
	return slices.ContainsFunc(b.techniques, func(t measure.Technique) bool { return t.Name == c.Technique }) &&
		slices.ContainsFunc(b.paths, func(p scenarios.Path) bool { return p.Proxy.Name() == c.Proxy && p.Mode == c.Mode }) &&
		slices.Contains(b.clients, c.Client) && slices.Contains(b.http, c.HTTP) &&
		(c.Form == "" || slices.Contains(b.variants, c.Form))
}

func (b block) asks(check string) bool {
	return slices.ContainsFunc(b.checks, func(c scenarios.Check) bool { return c.ID == check })
}

func samePath(a, b scenarios.Path) bool { return a.Proxy.Name() == b.Proxy.Name() && a.Mode == b.Mode }

func same(a, b string) bool { return a == b }

// union appends what is not in the list.
func union[T any](list, more []T, same func(a, b T) bool) []T {
	for _, m := range more {
		if !slices.ContainsFunc(list, func(have T) bool { return same(have, m) }) {
			list = append(list, m)
		}
	}
	return list
}

func orOne(list []string, only string) []string {
	if len(list) == 0 {
		return []string{only}
	}
	return list
}

func tierOf(name string) scenarios.Tier {
	for _, t := range []scenarios.Tier{scenarios.Thorough, scenarios.Full} {
		if t.String() == name {
			return t
		}
	}
	return scenarios.Quick
}

// known are the names that suites may use.
func known() suite.Known {
	k := suite.Known{Clients: clientNames(), Proxy: func(spec string) error {
		_, err := selectPaths([]string{spec}, nil, false)
		return err
	}}
	for _, c := range scenarios.All() {
		k.Checks = append(k.Checks, c.ID)
	}
	k.Claims = claimNames()
	return k
}

// plainProxies are the names that stand for a proxy by themselves.
func plainProxies() []string {
	names := []string{"direct", "transparent"}
	for _, p := range proxies.Presets() {
		names = append(names, p.Name)
	}
	return names
}
