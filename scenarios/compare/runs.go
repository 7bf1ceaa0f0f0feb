package compare

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Usual is what a latency must differ by to count, unless a run says
// otherwise.
var Usual = measure.LatencyThresholds{Alpha: 0.05, Percent: 20, Least: 5 * time.Millisecond}

// Options change what is compared. The zero value compares everything by the
// usual thresholds.
type Options struct {
	Thresholds measure.LatencyThresholds // zero fields are those of Usual
	// Only leaves out the cells for which it is false; nil compares all.
	Only func(measure.Labels) bool
}

// Runs compares the results of two runs, each of which may consist of several:
// shards, or runs that were finished later. Of equal cells the last counts.
func Runs(old, now []*measure.Run, opt Options) measure.Comparison {
	t := opt.Thresholds
	t.Alpha = cmp.Or(t.Alpha, Usual.Alpha)
	t.Percent = cmp.Or(t.Percent, Usual.Percent)
	t.Least = cmp.Or(t.Least, Usual.Least)
	c := comparer{Comparison: measure.Comparison{Old: records(old), New: records(now), Thresholds: t}}
	before, _ := measure.Merge(old...)
	after, _ := measure.Merge(now...)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, labels := range slices.SortedFunc(maps.Keys(all), byLabels) {
		if opt.Only == nil || opt.Only(labels) {
			c.cell(labels, before[labels], after[labels])
		}
	}
	slices.SortStableFunc(c.Changes, func(a, b measure.Change) int {
		return cmp.Compare(slices.Index(measure.Ways(), a.Way), slices.Index(measure.Ways(), b.Way))
	})
	c.notes(old, now)
	return c.Comparison
}

type comparer struct {
	measure.Comparison
	few map[repeats]int // cells with too few repetitions to compare latencies
}

func records(runs []*measure.Run) []measure.RunRecord {
	var out []measure.RunRecord
	for _, r := range runs {
		out = append(out, r.Record)
	}
	return out
}

func byLabels(a, b measure.Labels) int {
	return cmp.Or(cmp.Compare(a.Proxy, b.Proxy), cmp.Compare(a.Technique, b.Technique), cmp.Compare(a.Client, b.Client),
		cmp.Compare(a.HTTP, b.HTTP), cmp.Compare(a.Variant, b.Variant), cmp.Compare(a.ID(), b.ID()))
}

// cell compares one cell; either side may be missing.
func (c *comparer) cell(labels measure.Labels, old, now *measure.Result) {
	change := measure.Change{Labels: labels, Cell: labels.ID(), Old: outcome(old), New: outcome(now)}
	switch before, after := judged(old), judged(now); {
	case !before && !after:
		return
	case !before:
		change.Way = measure.ChangeNew
	case !after:
		change.Way = measure.ChangeGone
	default:
		change.Latencies = c.latencies(old, now)
		change.Way = way(change)
		if change.Way == "" {
			c.Same++
			return
		}
		change.Notes = circumstances(old, now)
	}
	c.Changes = append(c.Changes, change)
}

// way is in which way a cell changed that has a verdict in both runs, "" if it
// did not.
func way(c measure.Change) measure.Way {
	switch {
	case c.Old.Verdict != c.New.Verdict && measure.Worse(c.Old.Verdict, c.New.Verdict) == c.New.Verdict:
		return measure.ChangeWorse
	case c.Old.Verdict != c.New.Verdict:
		return measure.ChangeBetter
	case c.Old.Cause != c.New.Cause: // what helped against the old one does not help any more
		return measure.ChangeWorse
	case slices.ContainsFunc(c.Latencies, measure.LatencyChange.Worse):
		return measure.ChangeWorse
	case len(c.Latencies) > 0:
		return measure.ChangeBetter
	}
	return ""
}

func judged(r *measure.Result) bool { return r != nil && r.Verdict.Counts() }

func outcome(r *measure.Result) *measure.Outcome {
	if r == nil {
		return nil
	}
	o := &measure.Outcome{Verdict: r.Verdict, Cause: r.Cause, Verdicts: r.Verdicts}
	if !r.Verdict.Counts() {
		o.Reason = r.Reason
	}
	return o
}
