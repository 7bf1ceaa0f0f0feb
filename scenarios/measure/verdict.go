package measure

import "slices"

// Verdict is the answer of a check or a cell. The table is closed (RESULTS.md).
type Verdict string

// The verdicts. Only the first three say something about the path.
const (
	Works         Verdict = "works"
	Degraded      Verdict = "degraded"
	Broken        Verdict = "broken"
	Unsupported   Verdict = "unsupported"    // the client or the path cannot do it, and why
	Skipped       Verdict = "skipped"        // a precondition is missing here, and which
	SetupFailed   Verdict = "setup_failed"   // the control over the direct path failed, so the cell says nothing
	HarnessFailed Verdict = "harness_failed" // we broke
	Untested      Verdict = "untested"       // nobody asked, or it cannot be told from outside
)

// Verdicts returns the closed table, best first.
func Verdicts() []Verdict {
	return []Verdict{Works, Degraded, Broken, Unsupported, Skipped, SetupFailed, HarnessFailed, Untested}
}

// Known reports whether v is in the closed table.
func (v Verdict) Known() bool { return slices.Contains(Verdicts(), v) }

// Counts reports whether v says something about the path under test.
func (v Verdict) Counts() bool { return v == Works || v == Degraded || v == Broken }

// Kind says how much a check counts.
type Kind string

// The kinds of checks.
const (
	Required Kind = "required" // its verdict is its axis's
	Optimal  Kind = "optimal"  // a failure makes the axis degraded at most
	Observe  Kind = "observe"  // recorded, never counted
)

// Axis is the side of the matter a check asks about.
type Axis string

// The axes. Counting is never part of a cell's verdict.
const (
	Opening  Axis = "opening"
	Delivery Axis = "delivery"
	Ending   Axis = "ending"
	Counting Axis = "counting"
)

// Axes returns the three axes a cell is judged on.
func Axes() []Axis { return []Axis{Opening, Delivery, Ending} }

// worse orders the verdicts that count; others are below works.
func rank(v Verdict) int {
	switch v {
	case Works:
		return 1
	case Degraded:
		return 2
	case Broken:
		return 3
	}
	return 0
}

// Worse returns the worse of two verdicts in the order works < degraded <
// broken; one that does not count loses against one that does.
func Worse(a, b Verdict) Verdict {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// AxisVerdict is the verdict of the checks of one axis: the worst required
// one, with failed optimal ones counting as degraded. Untested when no check
// counts.
func AxisVerdict(axis Axis, checks []CheckRecord) Verdict {
	out := Untested
	for _, c := range checks {
		if c.Axis != axis {
			continue
		}
		if v := effective(c); v.Counts() {
			out = Worse(out, v)
		}
	}
	return out
}

// effective is what a check contributes to its axis.
func effective(c CheckRecord) Verdict {
	switch c.Kind {
	case Required:
		return c.Verdict
	case Optimal:
		if c.Verdict == Broken {
			return Degraded
		}
		return c.Verdict
	}
	return Untested
}

// Judge folds the checks of a cell into its record: verdict per axis, verdict
// overall, and the cause and advice of the check that decided.
func Judge(labels Labels, checks []CheckRecord) CellRecord {
	cell := CellRecord{Type: TypeCell, Cell: labels.ID(), Labels: labels}
	cell.Opening = AxisVerdict(Opening, checks)
	cell.Delivery = AxisVerdict(Delivery, checks)
	cell.Ending = AxisVerdict(Ending, checks)
	cell.Verdict = Worse(Worse(Worse(Untested, cell.Opening), cell.Delivery), cell.Ending)

	for _, failed := range []Verdict{SetupFailed, HarnessFailed} {
		for _, c := range checks {
			if c.Kind == Required && c.Verdict == failed {
				cell.Verdict, cell.Reason = failed, c.Got
			}
		}
	}
	if cell.Verdict == Untested { // nothing counted: say why, if the checks agree
		for _, v := range []Verdict{Unsupported, Skipped, SetupFailed, HarnessFailed} {
			i := slices.IndexFunc(checks, func(c CheckRecord) bool { return c.Verdict == v })
			if i >= 0 {
				cell.Verdict, cell.Reason = v, checks[i].Got
				break
			}
		}
	}
	cell.Cause = decidingCause(cell.Verdict, checks)
	cell.Advice = AdviceFor(cell.Cause, labels.Proxy)
	return cell
}

// decidingCause picks, among the checks whose contribution equals the cell's
// verdict, the most specific cause: of what the technique requires before what
// it would like, and on the axes in the order of an exchange.
func decidingCause(v Verdict, checks []CheckRecord) string {
	if v != Degraded && v != Broken {
		return ""
	}
	for _, kind := range []Kind{Required, Optimal} {
		for _, axis := range Axes() {
			best, bestRank := "", -1
			for _, c := range checks {
				if c.Kind != kind || c.Axis != axis || c.Cause == "" || effective(c) != v {
					continue
				}
				if r := specificity(c.Cause); r > bestRank {
					best, bestRank = c.Cause, r
				}
			}
			if best != "" {
				return refine(best, checks)
			}
		}
	}
	return ""
}

// refine replaces a cause by the most precise one of the same family that any
// check of the cell found: ten small messages only show `buffered`, 256 KB show
// whether it is until-close or until-bytes, and asking in other ways what it
// hangs on. Of equally precise ones the first stands.
func refine(cause string, checks []CheckRecord) string {
	base, ok := CauseByID(cause)
	if !ok {
		return cause
	}
	best, bestRank := cause, precision(base)
	for _, c := range checks {
		if finer, ok := CauseByID(c.Cause); ok && family(finer) == family(base) && precision(finer) > bestRank {
			best, bestRank = finer.ID, precision(finer)
		}
	}
	return best
}

// family is the most general cause of those that one refines.
func family(c Cause) string {
	if c.Refines != "" {
		return c.Refines
	}
	return c.ID
}

// precision ranks the causes of one family: the general one, how it shows
// itself, what it hangs on, and last what was seen on the wire itself.
func precision(c Cause) int {
	switch c.ID {
	case "compression":
		return 4
	case "accept-encoding-dependent", "method-dependent", "content-type-dependent", "prelude-dependent":
		return 3
	case "scan": // takes longer to see than what it looks like at first
		return 2
	}
	if c.Refines != "" {
		return 1
	}
	return 0
}

// specificity puts `unknown` and the general `buffered` behind causes that
// name a mechanism.
func specificity(cause string) int {
	switch cause {
	case "unknown":
		return 0
	case "buffered":
		return 1
	}
	return 2
}
