package scenarios

import (
	"fmt"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// judgeOrder looks at the numbers that the messages carry themselves.
func judgeOrder(c Case, e *Evidence) Finding {
	if c.App.Sequence == "" {
		return Finding{Verdict: measure.Untested, Got: "cannot be told from outside: the messages have no number that counts up (sequence: /n)"}
	}
	if f, ok := nothingSent(c, e); ok {
		return f
	}
	came := numbers(ofKind(e.Client, measure.Received))
	if len(came) == 0 {
		return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("no message has a whole number at %s", c.App.Sequence)}
	}
	missing, doubled, disorder := countUp(came)
	f := Finding{Verdict: measure.Works, Want: []string{"each number is the one before it and one"}, Values: map[string]float64{
		"numbered": float64(len(came)), "missing": float64(missing), "duplicated": float64(doubled), "reordered": float64(disorder),
	}}
	f.EndedBy, f.EndKind = e.EndedBy()
	f.Got = fmt.Sprintf("%d numbers from %d to %d: %d missing, %d doubled, %d out of order", len(came), came[0], came[len(came)-1], missing, doubled, disorder)
	if missing+doubled+disorder > 0 {
		f.Verdict, f.Cause = measure.Broken, "corrupted"
		sent := numbers(slices.DeleteFunc(ofKind(e.Origin, measure.Write), func(o measure.Event) bool { return o.ID == "" }))
		switch {
		case len(sent) >= len(came) && slices.Equal(sent[:len(came)], came):
			f.Cause = "unknown"
			f.Got += "; the application itself sent them so"
		case !e.read() && c.Control == nil:
			f.Cause = "unknown"
			f.Got += "; by the application or by this path, which nobody can tell who is not there"
		}
	}
	return f
}

func numbers(events []measure.Event) []int64 {
	var out []int64
	for _, e := range events {
		if e.Seq != nil {
			out = append(out, *e.Seq)
		}
	}
	return out
}

// countUp counts what keeps numbers from counting up by one.
func countUp(came []int64) (missing, doubled, disorder int) {
	seen := map[int64]bool{}
	highest, lowest := came[0], came[0]
	for i, n := range came {
		if seen[n] {
			doubled++
		} else if i > 0 && n < highest {
			disorder++
		}
		seen[n] = true
		highest, lowest = max(highest, n), min(lowest, n)
	}
	span := uint64(highest) - uint64(lowest) // right even where the difference of the two is no int64
	return int(min(span-uint64(len(seen)-1), mostMissing)), doubled, disorder
}

// mostMissing bounds a count that one wild number would make absurd.
const mostMissing = 1 << 30
