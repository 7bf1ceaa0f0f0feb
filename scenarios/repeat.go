package scenarios

import (
	"context"
	"maps"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// round is one measurement of a cell.
type round struct {
	cell measure.CellRecord
	outcome
}

// repeated measures a cell as often as the run repeats, one measurement after
// the other, and settles what they say together. The control itself counts as
// the first measurement of its own cell.
func (r *runner) repeated(ctx context.Context, c cell, ctl *control) (measure.CellRecord, outcome) {
	against := ctl
	var rounds []round
	if c.labels == ctl.labels {
		out := ctl.asked(c)
		rounds, against = append(rounds, round{measure.Judge(c.labels, out.checks), out}), nil
	}
	for len(rounds) < r.opt.Repeat && ctx.Err() == nil {
		c.round = len(rounds)
		out := r.measure(ctx, c, against)
		r.roundEnded(c.labels)
		rounds = append(rounds, round{measure.Judge(c.labels, out.checks), out})
	}
	if len(rounds) == 0 { // ctx has ended
		return measure.CellRecord{}, outcome{}
	}
	return settle(rounds)
}

// settle makes one result of several measurements of a cell: all of it is that
// of one of them, the first with the settled verdict and the cause that goes
// with it most often, so that records, values and timeline fit together. What
// the others said is kept beside it.
func settle(rounds []round) (measure.CellRecord, outcome) {
	verdicts := make([]measure.Verdict, len(rounds))
	for i, r := range rounds {
		verdicts[i] = r.cell.Verdict
	}
	chosen := rounds[typical(rounds, measure.Settle(verdicts))]
	if len(rounds) == 1 {
		return chosen.cell, chosen.outcome
	}
	chosen.cell.Verdicts, chosen.cell.Wavers = verdicts, measure.Wavers(verdicts)
	checks := make([]measure.CheckRecord, len(chosen.checks))
	for i, c := range chosen.checks {
		checks[i] = c
		checks[i].Verdicts, checks[i].Samples = nil, map[string][]float64{}
		for _, r := range rounds {
			other := r.checks[i] // the same checks in the same order
			checks[i].Verdicts = append(checks[i].Verdicts, other.Verdict)
			for name, v := range other.Values {
				if isDuration(name) {
					checks[i].Samples[name] = append(checks[i].Samples[name], v)
				}
			}
		}
	}
	chosen.checks = checks
	return chosen.cell, chosen.outcome
}

// typical is the index of the first measurement with a verdict and the cause
// that it has most often.
func typical(rounds []round, v measure.Verdict) int {
	causes := map[string]int{}
	for _, r := range rounds {
		if r.cell.Verdict == v {
			causes[r.cell.Cause]++
		}
	}
	most := 0
	for n := range maps.Values(causes) {
		most = max(most, n)
	}
	for i, r := range rounds {
		if r.cell.Verdict == v && causes[r.cell.Cause] == most {
			return i
		}
	}
	return 0
}

// isDuration reports whether a value's name ends in a unit of time.
func isDuration(name string) bool {
	return strings.HasSuffix(name, "_ms") || strings.HasSuffix(name, "_us") || strings.HasSuffix(name, "_s") && !strings.HasSuffix(name, "_per_s")
}
