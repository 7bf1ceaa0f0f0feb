package measure

import (
	"fmt"
	"slices"
)

// AdviceRecord says what became of one cell when the advised lines were applied
// to a copy of the proxy's configuration and it was measured again: run --prove.
type AdviceRecord struct {
	Type string `json:"type"`
	Labels
	Cause   string   `json:"cause"`          // before
	Upon    []string `json:"upon,omitempty"` // causes that were mended in the same copy before this one could show
	Before  Verdict  `json:"before"`
	Beside  string   `json:"beside,omitempty"` // the cell's own cause, where this one is of its checks only
	Program string   `json:"program"`
	Version string   `json:"version,omitempty"` // of the program, as it names itself
	Where   string   `json:"where,omitempty"`   // for people: "in the location"
	Lines   []string `json:"lines,omitempty"`   // what was added; none when lines went away
	Without string   `json:"without,omitempty"` // what went away, for people
	Mended  string   `json:"mended,omitempty"`  // the spec of the copy; "" when there was none to run
	After   Verdict  `json:"after,omitempty"`
	// AfterCause is what is left to mend.
	AfterCause string `json:"after_cause,omitempty"`
	Proven     bool   `json:"proven"`           // the cause is gone
	Reason     string `json:"reason,omitempty"` // why it is not proven
	// Instead is, where it is not proven, the technique to prefer of those that
	// were seen to work through the same program for the same client;
	// InsteadLines are what has to be in the configuration for that.
	Instead      string   `json:"instead,omitempty"`
	InsteadLines []string `json:"instead_lines,omitempty"`
}

// Change is what is advised, as lines for people; none when there is nothing.
func (a AdviceRecord) Change() []string {
	if len(a.Lines) == 0 && a.Without != "" {
		return []string{"remove " + a.Without}
	}
	return a.Lines
}

// AdviceGroup is what became of one cause behind one proxy, over the cells that
// showed it.
type AdviceGroup struct {
	AdviceRecord // of the first cell
	All          []AdviceRecord
}

// Proven counts the cells in which the cause was gone.
func (g AdviceGroup) Proven() int {
	n := 0
	for _, a := range g.All {
		if a.Proven {
			n++
		}
	}
	return n
}

// Techniques are those of the cells, each once.
func (g AdviceGroup) Techniques() []string {
	var out []string
	for _, a := range g.All {
		if !slices.Contains(out, a.Technique) {
			out = append(out, a.Technique)
		}
	}
	return out
}

// MergeAdvice puts what several runs say of advice together. Of a cell the last
// run counts that measured it and tried any.
func MergeAdvice(runs ...*Run) []AdviceRecord {
	var out []AdviceRecord
	for _, run := range runs {
		if len(run.Advice) == 0 {
			continue
		}
		again := map[Labels]bool{}
		for _, c := range run.Cells {
			again[c.Labels] = true
		}
		out = slices.DeleteFunc(out, func(a AdviceRecord) bool {
			return again[a.Labels] || slices.ContainsFunc(run.Advice, func(b AdviceRecord) bool {
				return a.Labels == b.Labels && a.Cause == b.Cause && slices.Equal(a.Upon, b.Upon)
			})
		})
		out = append(out, run.Advice...)
	}
	return out
}

// GroupAdvice groups records by proxy, cause, what was mended before and what
// is advised, in their order.
func GroupAdvice(records []AdviceRecord) []AdviceGroup {
	var out []AdviceGroup
	for _, a := range records {
		i := slices.IndexFunc(out, func(g AdviceGroup) bool {
			return g.Proxy == a.Proxy && g.Cause == a.Cause && slices.Equal(g.Upon, a.Upon) && (g.Beside == "") == (a.Beside == "") && slices.Equal(g.Change(), a.Change())
		})
		if i < 0 {
			i, out = len(out), append(out, AdviceGroup{AdviceRecord: a})
		}
		out[i].All = append(out[i].All, a)
	}
	return out
}

// Judge fills in what the second measurement says: the cell and its checks as
// they were, and as they are. What was not answered again proves nothing.
func (a *AdviceRecord) Judge(before, now *Result) {
	after := now.CellRecord
	a.After, a.AfterCause = after.Verdict, after.Cause
	switch reason := a.remains(before.Checks, now.Checks); {
	case !after.Verdict.Counts():
		a.Reason = "measured again it was " + string(after.Verdict)
		if after.Reason != "" {
			a.Reason += ": " + after.Reason
		}
	case after.Cause == a.Cause:
		a.Reason = "the cause is still there"
	case reason != "":
		a.Reason = reason
	case Worse(after.Verdict, a.Before) == after.Verdict && after.Verdict != a.Before:
		a.Reason = "the cause is gone, and it is worse"
	default:
		a.Proven = true
	}
}

// remains says which of the checks that count still shows the cause, or showed
// it before and could not be answered now; "" when none does. Some may have
// nothing to ask about any more, but not all.
func (a AdviceRecord) remains(before, now []CheckRecord) string {
	shows := func(k CheckRecord) bool {
		return k.Kind != Observe && k.Cause == a.Cause && (k.Verdict == Degraded || k.Verdict == Broken)
	}
	for _, k := range now {
		if shows(k) {
			return "the cause is still there, in " + k.Check
		}
	}
	answered, missing := 0, ""
	for _, was := range before {
		if !shows(was) {
			continue
		}
		i := slices.IndexFunc(now, func(k CheckRecord) bool { return k.Check == was.Check })
		switch {
		case i < 0:
			missing = was.Check + " was not asked again"
		case now[i].Verdict.Counts():
			answered++
			continue
		default:
			missing = fmt.Sprintf("%s has no answer now: %s, %s", was.Check, now[i].Verdict, now[i].Got)
		}
		if i >= 0 && (now[i].Verdict == HarnessFailed || now[i].Verdict == SetupFailed) {
			return missing
		}
	}
	if answered > 0 {
		return ""
	}
	return missing
}
