package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/compare"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

// gates are what a run is held against at its end.
type gates struct {
	failOn   string
	suite    *suite.Suite // nil expects nothing
	baseline *measure.Run // nil is none
	name     string       // of the baseline
	compare  compare.Options
}

// gates prepares them; a baseline that cannot be read is known before anything
// is measured.
func (o runOptions) gates(s *suite.Suite, m scenarios.Matrix) (*gates, error) {
	g := &gates{failOn: o.FailOn, suite: s, name: o.Baseline}
	if o.Baseline == "" {
		return g, nil
	}
	var err error
	if g.baseline, err = measure.ReadResults(o.Baseline); err != nil {
		return nil, usage("--baseline %s: %w", o.Baseline, err)
	}
	planned := map[measure.Labels]bool{}
	for _, l := range m.Labels() {
		planned[l] = true
	}
	g.compare = compare.Options{Thresholds: o.Latency, Only: func(l measure.Labels) bool { return planned[l] }}
	if len(g.against(&measure.Run{}).Changes) == 0 {
		return nil, usage("--baseline %s: no cell of this run is in it; it was measured with other techniques, proxies or clients", o.Baseline)
	}
	return g, nil
}

// against compares a run with the baseline.
func (g *gates) against(run *measure.Run) measure.Comparison {
	whole := *run
	whole.End = &measure.EndRecord{Complete: true} // it is about to be
	return compare.Runs([]*measure.Run{g.baseline}, []*measure.Run{&whole}, g.compare)
}

// Chance makes a few of many latencies look worse. Up to so many cells, or
// this part of those that are compared, are measured once more before it is
// believed.
const (
	mostConfirmed = 8
	partConfirmed = 4
)

// confirm measures again what seems worse than the baseline for its latency
// alone; the later measurement counts.
func (g *gates) confirm(ctx context.Context, m scenarios.Matrix, w *measure.Writer, opt scenarios.Options, bar *progress) error {
	if g.baseline == nil {
		return nil
	}
	run, err := measure.Read(w.Dir())
	if err != nil {
		return err
	}
	suspects := map[measure.Labels]bool{}
	c := g.against(run)
	for _, change := range c.Of(measure.ChangeWorse) {
		if change.LatencyAlone() {
			suspects[change.Labels] = true
		}
	}
	if len(suspects) == 0 || len(suspects) > max(mostConfirmed, (c.Same+len(c.Changes))/partConfirmed) {
		return nil
	}
	bar.say("measuring again what seems later than in the baseline: %d of %d cells", len(suspects), c.Same+len(c.Changes))
	include := m.Include
	m.Include = func(c scenarios.Combination) bool { return suspects[c.Labels] && include(c) }
	opt.Done = nil
	_, err = scenarios.Run(ctx, m, w, opt)
	return err
}

// judge holds a run against the gates.
func (g *gates) judge(run *measure.Run) []measure.Gate {
	var out []measure.Gate
	merged, _ := measure.Merge(run)
	results := slices.Collect(maps.Values(merged))
	var expected []string
	if g.suite != nil && len(g.suite.Expect) > 0 {
		gate := g.suite.Expected(results)
		expected = gate.Expected
		out = append(out, gate)
	}
	if g.failOn != "" {
		out = append(out, g.bad(run, merged, expected))
	}
	if g.baseline != nil {
		out = append(out, g.worse(run))
	}
	return out
}

// bad is the gate --fail-on. Cells that are as bad as the suite expects them to
// be pass it.
func (g *gates) bad(run *measure.Run, merged map[measure.Labels]*measure.Result, expected []string) measure.Gate {
	gate := measure.Gate{Gate: measure.GateFailOn, Rule: g.failOn}
	fails := []measure.Verdict{measure.Broken}
	if g.failOn == string(measure.Degraded) {
		fails = append(fails, measure.Degraded)
	}
	for _, verdict := range fails {
		seen := map[measure.Labels]bool{}
		for _, c := range run.Cells { // in the order in which they ended
			r := merged[c.Labels]
			if seen[c.Labels] || r.Verdict != verdict || slices.Contains(expected, r.Cell) {
				continue
			}
			seen[c.Labels] = true
			gate.Failed = append(gate.Failed, strings.TrimSpace(fmt.Sprintf("%s: %s, %s. %s", r.Labels, r.Verdict, r.Cause, r.Advice)))
		}
	}
	for _, r := range merged {
		if r.Verdict.Counts() && (!slices.Contains(fails, r.Verdict) || slices.Contains(expected, r.Cell)) {
			gate.Passed++
		}
	}
	return gate
}

// worse is the gate --baseline.
func (g *gates) worse(run *measure.Run) measure.Gate {
	c := g.against(run)
	gate := measure.Gate{Gate: measure.GateBaseline, Rule: g.name, Passed: c.Same + c.Count(measure.ChangeBetter), Notes: c.Notes}
	for _, change := range c.Of(measure.ChangeWorse) {
		gate.Failed = append(gate.Failed, change.String())
	}
	for _, change := range c.Of(measure.ChangeGone) {
		gate.Open = append(gate.Open, change.String())
	}
	for _, way := range []measure.Way{measure.ChangeBetter, measure.ChangeNew} {
		for _, change := range c.Of(way) {
			gate.Notes = append(gate.Notes, change.String())
		}
	}
	return gate
}

// mostNamed is how many lines of a failed gate the error names; the report has
// all.
const mostNamed = 5

// failure says in one line why a gate failed.
func failure(g measure.Gate) string {
	name := map[string]string{measure.GateFailOn: "gate --fail-on " + g.Rule, measure.GateExpect: "gate expect (" + g.Rule + ")", measure.GateBaseline: "gate --baseline " + g.Rule}[g.Gate]
	lines := g.Failed
	if more := len(lines) - mostNamed; more > 0 {
		lines = append(slices.Clone(lines[:mostNamed]), fmt.Sprintf("and %d more; the report has all", more))
	}
	return fmt.Sprintf("%s: %d cells\n  %s", name, len(g.Failed), strings.Join(lines, "\n  "))
}
