package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ComparisonFormat is one way to render what changed between two runs.
type ComparisonFormat struct {
	Name  string // what --format takes
	File  string // the usual file name
	Means string // one sentence
	// Write renders the comparison to w. Errors are w's.
	Write func(w io.Writer, c measure.Comparison) error
}

// ComparisonFormats lists all of them, those for people first.
func ComparisonFormats() []ComparisonFormat {
	return []ComparisonFormat{
		{Name: "text", File: "comparison.txt", Means: "Lines for a terminal, worse first.", Write: ComparisonText},
		{Name: "md", File: "comparison.md", Means: "A summary for a pull-request comment.", Write: ComparisonMarkdown},
		{Name: "html", File: "comparison.html", Means: "One self-contained page.", Write: ComparisonHTML},
		{Name: "junit", File: "comparison.xml", Means: "JUnit XML: a case per changed cell; worse ones fail.", Write: ComparisonJUnit},
		{Name: "github", File: "comparison-annotations.txt", Means: "Annotations of GitHub Actions: what is worse as errors.", Write: ComparisonGitHub},
		{Name: "json", File: "comparison.json", Means: "The comparison as one document.", Write: ComparisonJSON},
		{Name: "csv", File: "comparison.csv", Means: "One row per changed cell and latency.", Write: ComparisonCSV},
		{Name: "openmetrics", File: "comparison-metrics.txt", Means: "OpenMetrics text.", Write: ComparisonOpenMetrics},
	}
}

// ComparisonFormatByName finds a format.
func ComparisonFormatByName(name string) (ComparisonFormat, bool) {
	for _, f := range ComparisonFormats() {
		if f.Name == name {
			return f, true
		}
	}
	return ComparisonFormat{}, false
}

// wayMark is how a way of changing looks where colour cannot be relied on.
func wayMark(w measure.Way) mark {
	switch w {
	case measure.ChangeWorse:
		return mark{"▼", "worse", "worse", "broken"}
	case measure.ChangeBetter:
		return mark{"▲", "better", "better", "works"}
	case measure.ChangeNew:
		return mark{"+", "new", "new", "none"}
	}
	return mark{"−", "gone", "gone", "none"}
}

// wayMeans says what a way of changing is, in a sentence.
func wayMeans(w measure.Way) string {
	return map[measure.Way]string{
		measure.ChangeWorse:  "A worse verdict, another cause, or later by more than chance.",
		measure.ChangeBetter: "A better verdict, or sooner by more than chance.",
		measure.ChangeNew:    "No verdict before.",
		measure.ChangeGone:   "No verdict any more.",
	}[w]
}

// comparisonHeadline is the comparison in one line.
func comparisonHeadline(c measure.Comparison) string {
	if len(c.Changes) == 0 {
		return fmt.Sprintf("Nothing changed in %s", count(c.Same, "cell"))
	}
	var parts []string
	for _, w := range measure.Ways() {
		if n := c.Count(w); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w))
		}
	}
	return strings.Join(parts, ", ") + fmt.Sprintf("; %d as before", c.Same)
}

// comparisonBasis says which runs were compared, and how; quote makes a run's
// id fit for the format.
func comparisonBasis(c measure.Comparison, quote func(string) string) []string {
	side := func(runs []measure.RunRecord) string {
		var parts []string
		for _, r := range runs {
			parts = append(parts, fmt.Sprintf("%s of %s", quote(short(clean(r.ID), 60)), stamp(r.Started)))
		}
		return and(parts)
	}
	t := c.Thresholds
	return []string{
		fmt.Sprintf("Before: run %s. Now: run %s.", side(c.Old), side(c.New)),
		fmt.Sprintf("%s compared; one differs when chance does not explain it (Mann-Whitney U, p ≤ %g) and its median moved by more than %g %% and %s.",
			plural(c.Latencies, "latency was", "latencies were"), t.Alpha, t.Percent, limit(t.Least)),
	}
}

// outcomeWords is what a cell came to, for people.
func outcomeWords(o *measure.Outcome) string {
	if o == nil {
		return "not measured"
	}
	s := markOf(o.Verdict).String()
	if o.Cause != "" {
		s += ", " + clean(o.Cause)
	}
	if o.Reason != "" {
		s += " (" + clean(o.Reason) + ")"
	}
	if measure.Wavers(o.Verdicts) {
		s += ", " + waver(o.Verdicts)
	}
	return s
}

// latencyWords is a latency that changed, for people.
func latencyWords(l measure.LatencyChange) string {
	_, stem, _ := unitOf(clean(l.Value))
	return fmt.Sprintf("%s, %s: %s, was %s (%+.0f %%, %d and %d measurements, p = %.3f)", clean(l.Check), strings.ReplaceAll(stem, "_", " "),
		span(l.NewMS), span(l.OldMS), l.Percent(), l.NewN, l.OldN, l.P)
}

// changeLines are what is to be said of a change, the verdicts first.
func changeLines(c measure.Change) []string {
	var out []string
	if before, now := outcomeWords(c.Old), outcomeWords(c.New); before != now {
		out = append(out, now+"; was "+before)
	}
	for _, l := range c.Latencies {
		out = append(out, latencyWords(l))
	}
	for _, n := range c.Notes {
		out = append(out, clean(n))
	}
	return out
}
