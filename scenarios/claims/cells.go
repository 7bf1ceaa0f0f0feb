package claims

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// question is a matrix that a claim has measured.
type question struct {
	name       string // of its run directory
	techniques []string
	proxies    []string // none: direct
	client     string   // "" is go; chromium is the lab's
	http       []string
	checks     []string
	modes      []proxies.Mode // none: each proxy's own first
	tls        bool
	origin     []string // flags of its origin
	parallel   int      // trials at once, 0 is as many as usual
}

// answers runs the matrix of q into a run directory of its own and returns what
// was found.
func (l *Lab) answers(ctx context.Context, q question) (*measure.Run, error) {
	m, err := l.matrix(ctx, q)
	if err != nil {
		return nil, err
	}
	origin, err := l.origin(ctx, q.origin...)
	if err != nil {
		return nil, err
	}
	w, err := l.create(q.name)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	rec := measure.RunRecord{
		Type: measure.TypeRun, Schema: measure.Schema, ID: Dir + "-" + q.name, Started: time.Now(), Command: []string{"cometbench", "run", "--claim"},
		Host: scenarios.ThisHost(), TimeScale: 1, Planned: len(m.Labels()), NoiseFloor: scenarios.NoiseFloor(ctx, origin),
	}
	if err := w.Append(rec); err != nil {
		return nil, err
	}
	sum, err := scenarios.Run(ctx, m, w, scenarios.Options{Origin: origin, Parallel: q.parallel, Seed: 1})
	if err != nil {
		return nil, err
	}
	end := measure.EndRecord{Type: measure.TypeEnd, Finished: time.Now(), Cells: len(sum.Cells), Verdicts: sum.Verdicts, Complete: sum.Complete}
	if err := w.Append(end); err != nil {
		return nil, err
	}
	return measure.Read(w.Dir())
}

// matrix resolves the names of q.
func (l *Lab) matrix(ctx context.Context, q question) (scenarios.Matrix, error) {
	m := scenarios.Matrix{HTTP: q.http, TLS: q.tls, Checks: scenarios.Match(scenarios.All(), q.checks)}
	if len(m.Checks) < len(q.checks) {
		return m, fmt.Errorf("not all of the checks %v exist", q.checks)
	}
	for _, name := range q.techniques {
		t, ok := measure.TechniqueByName(name)
		if !ok {
			return m, fmt.Errorf("no technique of the name %s", name)
		}
		m.Techniques = append(m.Techniques, t)
	}
	for _, spec := range orDirect(q.proxies) {
		p, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
		if err != nil {
			return m, err
		}
		m.Paths = append(m.Paths, pathsOf(p, q.modes)...)
	}
	r, err := l.receiver(ctx, q.client)
	m.Clients = []scenarios.Receiver{r}
	return m, err
}

func orDirect(specs []string) []string {
	if len(specs) == 0 {
		return []string{"direct"}
	}
	return specs
}

// pathsOf gives a proxy in each wanted mode that it has.
func pathsOf(p proxies.Proxy, wanted []proxies.Mode) []scenarios.Path {
	modes := p.Capabilities().Modes
	switch {
	case p.Name() == "direct" || len(modes) == 0:
		modes = []proxies.Mode{proxies.Reverse}
	case len(wanted) == 0:
		modes = modes[:1]
	}
	var out []scenarios.Path
	for _, mode := range modes {
		if len(wanted) == 0 || p.Name() == "direct" || slices.Contains(wanted, mode) {
			out = append(out, scenarios.Path{Proxy: p, Mode: mode, Missing: p.Available()})
		}
	}
	return out
}

// pagesAtOnce is how many subscriptions a browser carries at once here.
const pagesAtOnce = 4

func (l *Lab) receiver(ctx context.Context, name string) (scenarios.Receiver, error) {
	switch name {
	case "":
		name = "go"
	case "chromium":
		b, err := l.page(ctx)
		if err != nil {
			return scenarios.Receiver{Name: name, Missing: err}, nil
		}
		return scenarios.Receiver{Name: name, Client: b, AtOnce: pagesAtOnce}, nil
	}
	c, ok := clients.ByName(name)
	if !ok {
		return scenarios.Receiver{}, fmt.Errorf("no client of the name %s", name)
	}
	r := scenarios.Receiver{Name: name, Client: c}
	if name == "model:two-connections" {
		r.AtOnce = 2 // it has no third socket to the origin they all share
	}
	return r, nil
}

// page is the browser, started by the first claim that needs it.
func (l *Lab) page(ctx context.Context) (measure.Browser, error) {
	if l.browser != nil {
		return l.browser, nil
	}
	b, err := l.Chromium(ctx)
	if err == nil {
		l.browser = b
	}
	return b, err
}

// checkOf finds the answer to one question about one cell.
func checkOf(run *measure.Run, check string, is func(measure.Labels) bool) (measure.CheckRecord, bool) {
	i := slices.IndexFunc(run.Checks, func(c measure.CheckRecord) bool { return c.Check == check && is(c.Labels) })
	if i < 0 {
		return measure.CheckRecord{}, false
	}
	return run.Checks[i], true
}

// addNames appends those that are not in the list.
func addNames(list []string, more ...string) []string {
	for _, name := range more {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}
