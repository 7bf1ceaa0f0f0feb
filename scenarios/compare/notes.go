package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// notes says what could not be compared, and what makes it doubtful.
func (c *comparer) notes(old, now []*measure.Run) {
	for _, m := range slices.Concat(measure.Missing(old), measure.Missing(now)) {
		c.Notes = append(c.Notes, m.String())
	}
	for _, run := range slices.Concat(old, now) {
		if !run.Complete() {
			c.Notes = append(c.Notes, fmt.Sprintf("Run %s was interrupted.", run.Record.ID))
		}
	}
	a, b := old[0].Record, now[0].Record
	if a.Host.CPUs > 0 && b.Host.CPUs > 0 && machine(a.Host) != machine(b.Host) {
		c.Notes = append(c.Notes, fmt.Sprintf("The runs were made on different machines (%s; %s): latencies say less.", machine(a.Host), machine(b.Host)))
	}
	if a.TimeScale > 0 && b.TimeScale > 0 && a.TimeScale != b.TimeScale {
		c.Notes = append(c.Notes, fmt.Sprintf("The runs have different time scales (%g; %g): limits may be met in one and not in the other.", a.TimeScale, b.TimeScale))
	}
	if a.Thresholds() != b.Thresholds() {
		c.Notes = append(c.Notes, "The runs have different thresholds of delay: verdicts may differ for that alone.")
	}
	for _, few := range slices.SortedFunc(maps.Keys(c.few), func(a, b repeats) int { return cmp.Or(cmp.Compare(a.old, b.old), cmp.Compare(a.now, b.now)) }) {
		c.Notes = append(c.Notes, fmt.Sprintf("Latencies of %s were not compared: %d measurements before and %d now cannot show a difference at level %g; --repeat %d in both runs can.",
			cells(c.few[few]), few.old, few.now, c.Thresholds.Alpha, enough(c.Thresholds.Alpha)+1))
	}
}

func cells(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}

func machine(h measure.Host) string { return fmt.Sprintf("%s/%s, %d CPUs", h.OS, h.Arch, h.CPUs) }

// circumstances are what else differs between two measurements of a cell.
func circumstances(old, now *measure.Result) []string {
	var out []string
	before, after := names(old.Checks), names(now.Checks)
	if len(before) == 0 || len(after) == 0 {
		return nil
	}
	if only := without(before, after); len(only) > 0 {
		out = append(out, "asked before only: "+strings.Join(only, ", "))
	}
	if only := without(after, before); len(only) > 0 {
		out = append(out, "asked now only: "+strings.Join(only, ", "))
	}
	was, is := version(old.Checks), version(now.Checks)
	if was != is && was != "" && is != "" {
		out = append(out, fmt.Sprintf("proxy version %s, was %s", is, was))
	}
	return out
}

func names(checks []measure.CheckRecord) []string {
	var out []string
	for _, k := range checks {
		out = append(out, k.Check)
	}
	return out
}

func without(list, of []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(of, s) })
}

func version(checks []measure.CheckRecord) string {
	for _, k := range checks {
		if k.ProxyVersion != "" {
			return k.ProxyVersion
		}
	}
	return ""
}
