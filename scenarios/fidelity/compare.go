package fidelity

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Tolerances within which two figures agree, as shares of the real one.
const (
	ThresholdTolerance = 0.10 // sizes of blocks and preludes
	LimitTolerance     = 0.05 // idle, first byte and duration limits
)

// Result is the comparison of the pairs in a run, or in several.
type Result struct {
	Runs  []*measure.Run
	Pairs []PairResult
}

// PairResult is how well one preset stands for one program.
type PairResult struct {
	Pair
	Version string // of the program
	Config  string // hash of its configuration
	Missing string // why there is nothing to compare; "" when there is
	Cells   []CellPair
	Figures []Figure
	Apart   []string // cells of which one side says nothing of the path, and why
	Unasked []string // what one side could not answer, usually for the length of a silence
}

// CellPair is one cell of both, judged by the checks that both answered: what
// the program was not asked because the answer takes longer than --max-wait is
// held against nobody.
type CellPair struct {
	Labels    measure.Labels // of the real one
	Real, Sim measure.CellRecord
	Checks    []CheckPair
	Agrees    bool // verdict and cause
}

// FalseWorks reports the worst that a simulation can say: works, where the
// program does not.
func (c CellPair) FalseWorks() bool {
	return c.Sim.Verdict == measure.Works && c.Real.Verdict != measure.Works
}

// CheckPair is one check of both.
type CheckPair struct {
	Check     string
	Real, Sim measure.CheckRecord
	Agrees    bool
}

// Figure is a size or limit that both showed.
type Figure struct {
	Labels    measure.Labels
	Check     string
	Name      string
	Real, Sim float64
	Within    bool
}

// figures are the values that are compared by size, with their tolerance.
var figures = map[string]float64{
	"block_bytes": ThresholdTolerance, "prelude_needed_bytes": ThresholdTolerance,
	"idle_limit_s": LimitTolerance, "duration_limit_s": LimitTolerance, "first_byte_limit_s": LimitTolerance,
}

// Compare lays the pairs of runs side by side. Of cells that several runs
// measured the last counts.
func Compare(pairs []Pair, runs ...*measure.Run) Result {
	out := Result{Runs: runs}
	cells, _ := measure.Merge(runs...)
	for _, p := range pairs {
		out.Pairs = append(out.Pairs, comparePair(cells, p))
	}
	return out
}

func comparePair(cells map[measure.Labels]*measure.Result, p Pair) PairResult {
	out := PairResult{Pair: p}
	for labels, real := range cells {
		if labels.Proxy != p.Real {
			continue
		}
		if real.Verdict == measure.Skipped {
			out.Missing = real.Reason
			continue
		}
		if sim := counterpart(cells, labels, p); sim != nil {
			out.add(real, sim)
		}
	}
	if len(out.Cells) == 0 && out.Missing == "" {
		out.Missing = "no cell of both was measured"
	}
	slices.SortFunc(out.Cells, func(a, b CellPair) int { return cmp.Compare(a.Labels.String(), b.Labels.String()) })
	slices.SortFunc(out.Figures, func(a, b Figure) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Labels.String(), b.Labels.String()), cmp.Compare(a.Check, b.Check))
	})
	slices.Sort(out.Apart)
	slices.Sort(out.Unasked)
	out.Unasked = slices.Compact(out.Unasked)
	return out
}

// counterpart is the cell of the simulation that labels are of the real
// program; nil when it was not measured. Only proxies that have both modes have
// a variant for forward.
func counterpart(cells map[measure.Labels]*measure.Result, labels measure.Labels, p Pair) *measure.Result {
	labels.Proxy = p.Sim
	const forward = "forward"
	if p.Mode == forward {
		variant := strings.TrimPrefix(strings.TrimPrefix(labels.Variant, forward), "+")
		labels.Variant = strings.TrimSuffix(forward+"+"+variant, "+")
		if cells[labels] != nil {
			return cells[labels]
		}
		labels.Variant = variant
	}
	return cells[labels]
}

func (r *PairResult) add(real, sim *measure.Result) {
	for _, side := range []*measure.Result{real, sim} {
		if !side.Verdict.Counts() && side.Verdict != measure.Unsupported {
			r.Apart = append(r.Apart, fmt.Sprintf("%s: %s (%s)", side.Labels, side.Verdict, side.Reason))
			return
		}
	}
	c := CellPair{Labels: real.Labels}
	var ofReal, ofSim []measure.CheckRecord
	for _, a := range real.Checks {
		if r.Version == "" {
			r.Version, r.Config = a.ProxyVersion, a.ProxyConfig
		}
		at := slices.IndexFunc(sim.Checks, func(b measure.CheckRecord) bool { return b.Check == a.Check })
		if at < 0 {
			continue
		}
		b := sim.Checks[at]
		a = outlasted(a, b)
		if !a.Verdict.Counts() || !b.Verdict.Counts() {
			r.unasked(a, b)
			continue
		}
		ofReal, ofSim = append(ofReal, a), append(ofSim, b)
		c.Checks = append(c.Checks, CheckPair{Check: a.Check, Real: a, Sim: b, Agrees: a.Verdict == b.Verdict && a.Cause == b.Cause})
		r.compareFigures(a, b)
	}
	c.Real, c.Sim = real.CellRecord, sim.CellRecord
	if real.Verdict.Counts() && sim.Verdict.Counts() {
		c.Real, c.Sim = measure.Judge(real.Labels, ofReal), measure.Judge(sim.Labels, ofSim)
	}
	c.Agrees = c.Real.Verdict == c.Sim.Verdict && c.Real.Cause == c.Sim.Cause
	r.Cells = append(r.Cells, c)
}

// outlasted is the program's answer about silence where it survived more of it
// than the simulation: no longer limits were waited for, but this one was, and
// it is not there.
func outlasted(real, sim measure.CheckRecord) measure.CheckRecord {
	survived, ok := real.Values["silence_s"]
	if !ok || real.Verdict != measure.Skipped || sim.Verdict != measure.Degraded && sim.Verdict != measure.Broken {
		return real
	}
	for _, name := range []string{"idle_limit_s", "duration_limit_s"} {
		if limit, ok := sim.Values[name]; ok && limit*(1+LimitTolerance) < survived {
			real.Verdict = measure.Works
		}
	}
	return real
}

// unasked notes a limit that the simulation showed and the program was not
// asked for long enough to show.
func (r *PairResult) unasked(real, sim measure.CheckRecord) {
	if real.Verdict == measure.Skipped && (sim.Verdict == measure.Degraded || sim.Verdict == measure.Broken) {
		r.Unasked = append(r.Unasked, fmt.Sprintf("%s: %s; what stands for it says %s", real.Check, real.Got, verdict(sim.Verdict, sim.Cause)))
	}
}

func (r *PairResult) compareFigures(a, b measure.CheckRecord) {
	for name, tolerance := range figures {
		x, inReal := a.Values[name]
		y, inSim := b.Values[name]
		if inReal && inSim {
			r.Figures = append(r.Figures, Figure{Labels: a.Labels, Check: a.Check, Name: name, Real: x, Sim: y,
				Within: math.Abs(x-y) <= tolerance*math.Abs(x)})
		}
	}
}
