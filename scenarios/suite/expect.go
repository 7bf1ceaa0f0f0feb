package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Expectation is what a suite says of some of its cells, or of the checks that
// it names.
type Expectation struct {
	Match
	Verdicts []measure.Verdict // one of them
	Cause    string            // "" is any, or none
}

// Meets reports whether the expectation has anything to say of one of the
// cells.
func (e Expectation) Meets(cells []measure.Labels) bool { return slices.ContainsFunc(cells, e.Cell) }

// subject is a cell, or one check of it, and what is expected of it.
type subject struct {
	labels measure.Labels
	check  string
	expect Expectation
}

// Expected holds results against what the suite expects. Of several
// expectations about one subject the last counts, so that exceptions can stand
// below a rule. A cell that says nothing about its path (skipped, untested, a
// failed setup) leaves its expectation open.
func (s *Suite) Expected(results []*measure.Result) measure.Gate {
	g := measure.Gate{Gate: measure.GateExpect, Rule: s.Title()}
	results = slices.SortedFunc(slices.Values(results), func(a, b *measure.Result) int {
		return cmp.Or(cmp.Compare(a.Proxy, b.Proxy), cmp.Compare(a.Labels.String(), b.Labels.String()))
	})
	for _, r := range results {
		for _, sub := range s.subjects(r) {
			verdict, cause, reason := r.Verdict, r.Cause, r.Reason
			if sub.check != "" {
				k := r.Checks[slices.IndexFunc(r.Checks, func(k measure.CheckRecord) bool { return k.Check == sub.check })]
				verdict, cause, reason = k.Verdict, k.Cause, k.Got
			}
			switch {
			case slices.Contains(sub.expect.Verdicts, verdict) && (sub.expect.Cause == "" || sub.expect.Cause == cause):
				g.Passed++
				if sub.check == "" {
					g.Expected = append(g.Expected, r.Cell)
				}
			case !verdict.Counts() && verdict != measure.Unsupported:
				g.Open = append(g.Open, s.line(sub, verdict, "", reason))
			default:
				g.Failed = append(g.Failed, s.line(sub, verdict, cause, reason))
			}
		}
	}
	return g
}

// subjects are the cell and its checks as far as anything is expected of them.
func (s *Suite) subjects(r *measure.Result) []subject {
	var out []subject
	say := func(check string, e Expectation) {
		one := subject{r.Labels, check, e}
		if i := slices.IndexFunc(out, func(o subject) bool { return o.check == check }); i >= 0 {
			out[i] = one
			return
		}
		out = append(out, one)
	}
	for _, e := range s.Expect {
		if !e.Cell(r.Labels) {
			continue
		}
		if len(e.Checks) == 0 {
			say("", e)
		}
		for _, k := range r.Checks {
			if measure.Glob(e.Checks, k.Check) {
				say(k.Check, e)
			}
		}
	}
	return out
}

// line says what came out and what was expected, and where that stands.
func (s *Suite) line(sub subject, verdict measure.Verdict, cause, reason string) string {
	var b strings.Builder
	b.WriteString(sub.labels.String())
	if sub.check != "" {
		b.WriteString(", " + sub.check)
	}
	fmt.Fprintf(&b, ": %s", verdict)
	switch {
	case cause != "":
		b.WriteString(" because " + cause)
	case reason != "" && verdict != measure.Works:
		b.WriteString(" (" + reason + ")")
	}
	words := make([]string, len(sub.expect.Verdicts))
	for i, v := range sub.expect.Verdicts {
		words[i] = string(v)
	}
	b.WriteString("; expected " + strings.Join(words, " or "))
	if sub.expect.Cause != "" {
		b.WriteString(" because " + sub.expect.Cause)
	}
	fmt.Fprintf(&b, " (%s:%d)", s.File, sub.expect.Line)
	return b.String()
}
