package measure

import "slices"

// Settle is the verdict of a cell that was measured several times: the worst
// that occurs at least twice or, where all differ, the worst. Verdicts that
// say something about the path go before those that do not, so that one
// measurement that broke does not outvote two that did not.
func Settle(verdicts []Verdict) Verdict {
	if len(verdicts) == 0 {
		return Untested
	}
	twice := slices.DeleteFunc(slices.Clone(verdicts), func(v Verdict) bool {
		return count(verdicts, v) < 2
	})
	if len(twice) > 0 {
		return worstOf(twice)
	}
	return worstOf(verdicts)
}

// Wavers reports whether verdicts of one cell differ.
func Wavers(verdicts []Verdict) bool { return len(slices.Compact(slices.Clone(verdicts))) > 1 }

func worstOf(verdicts []Verdict) Verdict {
	order := Verdicts() // best first
	return slices.MaxFunc(verdicts, func(a, b Verdict) int {
		if a.Counts() != b.Counts() {
			return rank(a) - rank(b)
		}
		return slices.Index(order, a) - slices.Index(order, b)
	})
}

func count(verdicts []Verdict, v Verdict) int {
	n := 0
	for _, o := range verdicts {
		if o == v {
			n++
		}
	}
	return n
}
