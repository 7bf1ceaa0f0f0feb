package advice

import (
	"slices"
	"strings"

	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Round is a plan and the run of its copies.
type Round struct {
	Plan *Plan
	Run  *measure.Run
}

// Besides says what became of the causes that checks showed behind those of
// their cells: whether they were gone in a copy that was made for something
// else. Causes that some cell of the same proxy has as its own are left out,
// for they are tried there.
func Besides(first *measure.Run, rounds []Round) []measure.AdviceRecord {
	type pair struct{ proxy, cause string }
	cells, _ := measure.Merge(first)
	own := map[pair]bool{}
	for _, c := range cells {
		own[pair{c.Proxy, c.Cause}] = true
	}
	var out []measure.AdviceRecord
	for _, c := range cells {
		program := programToBlame(c)
		if program == "" {
			continue
		}
		for _, cause := range causesOf(c) {
			if !own[pair{c.Proxy, cause}] {
				out = append(out, besides(*c, cause, program, rounds))
			}
		}
	}
	return out
}

// besides is the record of one cause of a cell: of the first copy behind which
// it was gone, or else why there was none.
func besides(c measure.Result, cause, program string, rounds []Round) measure.AdviceRecord {
	left := record(c, program, measure.Fix{})
	left.Beside, left.Cause, left.Reason = c.Cause, cause, noLine(cause, c.Proxy, program)
	if _, ok := measure.FixFor(cause, c.Proxy); ok {
		left.Reason = "its lines were not tried by themselves"
	}
	for _, round := range rounds {
		again, _ := measure.Merge(round.Run)
		for _, k := range round.Plan.Copies {
			after, ok := again[mendedLabels(c.Labels, k.Spec)]
			if !ok || !slices.ContainsFunc(k.Cells, func(of measure.Result) bool { return of.Labels == c.Labels }) {
				continue
			}
			a := left
			a.Where, a.Lines, a.Mended, a.Reason = k.Fix.Where, k.Lines, k.Spec, ""
			if a.Judge(&c, after); a.Proven {
				return a
			}
		}
	}
	return left
}

// causesOf are those of the checks that count, without the cell's own.
func causesOf(c *measure.Result) []string {
	var out []string
	for _, k := range c.Checks {
		bad := k.Verdict == measure.Degraded || k.Verdict == measure.Broken
		if bad && k.Kind != measure.Observe && k.Cause != "" && k.Cause != c.Cause && !slices.Contains(out, k.Cause) {
			out = append(out, k.Cause)
		}
	}
	return out
}

// programToBlame is the real program behind which a cell is degraded or broken;
// "" where there is none, or one of several hops.
func programToBlame(c *measure.Result) string {
	if strings.Contains(c.Proxy, "+") || c.Verdict != measure.Degraded && c.Verdict != measure.Broken {
		return ""
	}
	return real.ProgramOf(c.Proxy)
}
