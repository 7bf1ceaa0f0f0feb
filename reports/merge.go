package reports

import (
	"cmp"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// result is what several runs say together.
type result struct {
	runs       []*measure.Run
	cells      []*cell // by group, proxy, technique
	byLabels   map[measure.Labels]*cell
	techniques []string
	proxies    []string
	groups     []group
	replaced   int // cells that a later run measured again
	advice     []measure.AdviceRecord
	unjudged   int // cells whose checks are there and whose verdict is not
}

// cell is one cell with its checks, and the run it comes from.
type cell struct {
	measure.CellRecord
	run    *measure.Run
	checks []measure.CheckRecord // in file order, one per name
}

func newCell(r *measure.Result) *cell { return &cell{r.CellRecord, r.Run, r.Checks} }

// group is what two tables of the matrix differ in: the labels without
// technique and proxy.
type group struct {
	client, http string
	tls          bool
	variant      string
}

func groupOf(l measure.Labels) group {
	return group{client: l.Client, http: l.HTTP, tls: l.TLS, variant: l.Variant}
}

// title names a group for people: the client, then what is unusual.
func (g group) title() string {
	s := g.client
	if g.http != "" && g.http != "1.1" {
		s += ", HTTP/" + g.http
	}
	if g.tls {
		s += ", TLS"
	}
	if g.variant != "" {
		s += ", " + g.variant
	}
	return clean(s)
}

// merge puts the cells of several runs together, as measure.Merge does.
func merge(runs []*measure.Run) *result {
	r := &result{runs: runs, advice: measure.MergeAdvice(runs...), byLabels: map[measure.Labels]*cell{}}
	merged, replaced := measure.Merge(runs...)
	r.replaced = replaced
	for labels, one := range merged {
		r.byLabels[labels] = newCell(one)
		if !one.Judged() {
			r.unjudged++
		}
	}
	techniques, proxies, groups, hops := map[string]bool{}, map[string]bool{}, map[group]bool{}, map[string]int{}
	for labels, c := range r.byLabels {
		hops[labels.Proxy] = max(hops[labels.Proxy], c.Hop)
		r.cells = append(r.cells, c)
		techniques[labels.Technique], proxies[labels.Proxy], groups[groupOf(labels)] = true, true, true
	}
	r.techniques = sortedKeys(techniques, byTechnique)
	r.proxies = sortedKeys(proxies, func(a, b string) int { return cmp.Or(cmp.Compare(hops[a], hops[b]), byProxy(a, b)) })
	r.groups = sortedKeys(groups, byGroup)
	slices.SortFunc(r.cells, func(a, b *cell) int { return cmp.Or(cmp.Compare(a.Hop, b.Hop), byCell(a, b)) })
	return r
}

// at returns the cell of a technique and a proxy in a group, or nil.
func (r *result) at(technique, proxy string, g group) *cell {
	return r.byLabels[measure.Labels{Technique: technique, Proxy: proxy, Client: g.client, HTTP: g.http, TLS: g.tls, Variant: g.variant}]
}

// techniquesIn lists the techniques that a group has any cell of; likewise
// proxiesIn.
func (r *result) techniquesIn(g group) []string {
	return slices.DeleteFunc(slices.Clone(r.techniques), func(t string) bool {
		return !slices.ContainsFunc(r.proxies, func(p string) bool { return r.at(t, p, g) != nil })
	})
}

func (r *result) proxiesIn(g group) []string {
	return slices.DeleteFunc(slices.Clone(r.proxies), func(p string) bool {
		return !slices.ContainsFunc(r.techniques, func(t string) bool { return r.at(t, p, g) != nil })
	})
}

// counts is the number of cells of each verdict.
func (r *result) counts() map[measure.Verdict]int {
	out := map[measure.Verdict]int{}
	for _, c := range r.cells {
		out[c.Verdict]++
	}
	return out
}

// interrupted lists the runs without a complete end.
func (r *result) interrupted() []*measure.Run {
	var out []*measure.Run
	for _, run := range r.runs {
		if !run.Complete() {
			out = append(out, run)
		}
	}
	return out
}

// loads collects the steps of load runs.
func (r *result) loads() []measure.LoadRecord {
	var out []measure.LoadRecord
	for _, run := range r.runs {
		out = append(out, run.Loads...)
	}
	return out
}
