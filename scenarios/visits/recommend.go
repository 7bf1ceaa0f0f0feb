package visits

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// advice is what to make of a visit.
type advice struct {
	Use      string    `json:"use"`      // technique, "" when none gets through
	Fallback []string  `json:"fallback"` // in the order in which to try them
	Text     string    `json:"text"`
	Troubles []trouble `json:"troubles"` // causes of what does not work, the most frequent first
}

// trouble is one cause and the techniques that have it.
type trouble struct {
	Cause      string   `json:"cause"`
	Means      string   `json:"means"`
	Advice     string   `json:"advice"`
	Techniques []string `json:"techniques"`
}

// recommend picks the best technique that works and, behind it, the best of
// each further tier: what works here may be refused to the next visitor. In a
// tier where nothing works, what is merely degraded will do.
func recommend(cells []ended) *advice {
	all := slices.SortedFunc(slices.Values(cells), func(a, b ended) int {
		tierA, placeA := measure.Preference(a.Technique)
		tierB, placeB := measure.Preference(b.Technique)
		return cmp.Or(cmp.Compare(tierA, tierB), cmp.Compare(placeA, placeB))
	})
	out := &advice{Fallback: []string{}, Troubles: troubles(all)}
	covered := map[int]bool{}
	var order []ended
	for _, v := range []measure.Verdict{measure.Works, measure.Degraded} {
		for _, c := range all {
			if tier, _ := measure.Preference(c.Technique); c.Verdict == v && !covered[tier] {
				covered[tier] = true
				order = append(order, c)
			}
		}
	}
	for i, c := range order {
		if i == 0 {
			out.Use = c.Technique
			continue
		}
		out.Fallback = append(out.Fallback, c.Technique)
	}
	out.Text = sentence(order)
	return out
}

func sentence(order []ended) string {
	if len(order) == 0 {
		return "No technique gets messages through to this browser in time."
	}
	text := "Use " + order[0].Technique
	if order[0].Verdict == measure.Degraded {
		text += ", although messages are late by it: nothing does better here"
	}
	text += "."
	for i, c := range order[1:] {
		text += [2]string{" If it fails, fall back to ", ", then to "}[min(i, 1)] + c.Technique
		if c.Verdict == measure.Degraded {
			text += " (late)"
		}
	}
	if len(order) > 1 {
		text += "."
	}
	return text
}

// troubles groups what is not as it should be by cause.
func troubles(cells []ended) []trouble {
	out := []trouble{}
	for _, c := range cells {
		if c.Verdict != measure.Degraded && c.Verdict != measure.Broken || c.CellRecord.Cause == "" {
			continue
		}
		i := slices.IndexFunc(out, func(t trouble) bool { return t.Cause == c.CellRecord.Cause })
		if i < 0 {
			cause, _ := measure.CauseByID(c.CellRecord.Cause)
			out = append(out, trouble{Cause: cause.ID, Means: cause.Means, Advice: c.CellRecord.Advice})
			i = len(out) - 1
		}
		out[i].Techniques = append(out[i].Techniques, c.Technique)
	}
	slices.SortStableFunc(out, func(a, b trouble) int { return cmp.Compare(len(b.Techniques), len(a.Techniques)) })
	return out
}

// outcomeOf is a finished visit in one line, for the list.
func outcomeOf(cells []ended) string {
	n := map[measure.Verdict]int{}
	for _, c := range cells {
		n[c.Verdict]++
	}
	var parts []string
	for _, v := range measure.Verdicts() {
		if n[v] > 0 {
			word := strings.ReplaceAll(string(v), "_", " ")
			if v == measure.Works && n[v] > 1 {
				word = "work"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n[v], word))
		}
	}
	return strings.Join(parts, ", ")
}
