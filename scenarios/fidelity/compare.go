package fidelity

import (
	"cmp"
	"math"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Tolerances within which two figures agree, as shares of the real one.
const (
	ThresholdTolerance = 0.10 // sizes of blocks and preludes
	LimitTolerance     = 0.05 // idle, first byte and duration limits
)

// Result is the comparison of one run.
type Result struct {
	Run   *measure.Run
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
}

// CellPair is one cell of both.
type CellPair struct {
	Labels        measure.Labels // of the real one
	Real, Sim     measure.CellRecord
	Checks        []CheckPair
	Agrees        bool // verdict and cause
	VerdictAgrees bool
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
	"block_bytes": ThresholdTolerance, "prelude_bytes": ThresholdTolerance,
	"idle_limit_s": LimitTolerance, "duration_limit_s": LimitTolerance, "first_byte_limit_s": LimitTolerance,
}

// Compare lays the pairs of a run side by side.
func Compare(run *measure.Run, pairs []Pair) Result {
	out := Result{Run: run}
	for _, p := range pairs {
		out.Pairs = append(out.Pairs, comparePair(run, p))
	}
	return out
}

func comparePair(run *measure.Run, p Pair) PairResult {
	out := PairResult{Pair: p}
	for _, real := range run.Cells {
		if real.Proxy != p.Real {
			continue
		}
		if real.Verdict == measure.Skipped {
			out.Missing = real.Reason
			continue
		}
		at := slices.IndexFunc(run.Cells, func(c measure.CellRecord) bool { return sameCell(real.Labels, c.Labels, p.Sim) })
		if at < 0 || !comparable(real, run.Cells[at]) {
			continue
		}
		out.add(run, real, run.Cells[at])
	}
	if len(out.Cells) == 0 && out.Missing == "" {
		out.Missing = "no cell of both was measured"
	}
	slices.SortFunc(out.Cells, func(a, b CellPair) int { return cmp.Compare(a.Labels.String(), b.Labels.String()) })
	return out
}

// sameCell reports whether b is the cell of the simulation that a is of the
// real program. A program that runs in forward mode only has no variant for it.
func sameCell(a, b measure.Labels, sim string) bool {
	a.Proxy = sim
	if b.Variant == "forward" && a.Variant == "" {
		b.Variant = ""
	}
	return a == b
}

// comparable leaves out what says nothing about the path.
func comparable(a, b measure.CellRecord) bool {
	return (a.Verdict.Counts() || a.Verdict == measure.Unsupported) && (b.Verdict.Counts() || b.Verdict == measure.Unsupported)
}

func (r *PairResult) add(run *measure.Run, real, sim measure.CellRecord) {
	c := CellPair{Labels: real.Labels, Real: real, Sim: sim}
	c.VerdictAgrees = real.Verdict == sim.Verdict
	c.Agrees = c.VerdictAgrees && real.Cause == sim.Cause
	others := run.ChecksOf(sim.Cell)
	for _, a := range run.ChecksOf(real.Cell) {
		if r.Version == "" {
			r.Version, r.Config = a.ProxyVersion, a.ProxyConfig
		}
		at := slices.IndexFunc(others, func(b measure.CheckRecord) bool { return b.Check == a.Check })
		if at < 0 || !a.Verdict.Counts() || !others[at].Verdict.Counts() {
			continue
		}
		b := others[at]
		c.Checks = append(c.Checks, CheckPair{Check: a.Check, Real: a, Sim: b, Agrees: a.Verdict == b.Verdict && a.Cause == b.Cause})
		for name, tolerance := range figures {
			x, inReal := a.Values[name]
			y, inSim := b.Values[name]
			if inReal && inSim {
				r.Figures = append(r.Figures, Figure{Labels: real.Labels, Check: a.Check, Name: name, Real: x, Sim: y,
					Within: math.Abs(x-y) <= tolerance*math.Abs(x)})
			}
		}
	}
	slices.SortFunc(r.Figures, func(a, b Figure) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Labels.String(), b.Labels.String()), cmp.Compare(a.Check, b.Check))
	})
	r.Cells = append(r.Cells, c)
}

// Share is how many of how many agree.
type Share struct{ Agree, Of int }

// Percent is the share in percent; 0 of nothing.
func (s Share) Percent() float64 {
	if s.Of == 0 {
		return 0
	}
	return 100 * float64(s.Agree) / float64(s.Of)
}

func (s *Share) count(agrees bool) {
	s.Of++
	if agrees {
		s.Agree++
	}
}

// Shares are those of cells, checks and figures.
type Shares struct{ Cells, Checks, Figures Share }

// Shares counts one pair.
func (r PairResult) Shares() Shares {
	var s Shares
	for _, c := range r.Cells {
		s.Cells.count(c.Agrees)
		for _, k := range c.Checks {
			s.Checks.count(k.Agrees)
		}
	}
	for _, f := range r.Figures {
		s.Figures.count(f.Within)
	}
	return s
}

// Shares counts all pairs.
func (r Result) Shares() Shares {
	var all Shares
	for _, p := range r.Pairs {
		s := p.Shares()
		for _, pair := range [][2]*Share{{&all.Cells, &s.Cells}, {&all.Checks, &s.Checks}, {&all.Figures, &s.Figures}} {
			pair[0].Agree += pair[1].Agree
			pair[0].Of += pair[1].Of
		}
	}
	return all
}
