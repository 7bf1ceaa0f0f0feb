package reports

import (
	"io"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Format is one way to render runs.
type Format struct {
	Name  string // what --format takes
	File  string // the usual file name
	Means string // one sentence
	// Write renders the runs, merged, to w. Errors are w's, or a timeline's
	// that could not be read.
	Write func(w io.Writer, runs []*measure.Run) error
}

// Formats lists all formats, those for people first.
func Formats() []Format {
	return []Format{
		{Name: "html", File: "report.html", Means: "One self-contained page: matrix, causes, timelines.", Write: HTML},
		{Name: "md", File: "summary.md", Means: "A summary for a pull-request comment, worst first.", Write: Markdown},
		{Name: "text", File: "report.txt", Means: "A table for a terminal.", Write: Text},
		{Name: "junit", File: "junit.xml", Means: "JUnit XML: a suite per proxy and client, a case per technique.", Write: JUnit},
		{Name: "github", File: "annotations.txt", Means: "Annotations of GitHub Actions: workflow commands, worst first.", Write: GitHub},
		{Name: "json", File: "report.json", Means: "The records of all runs, merged, as one document.", Write: JSON},
		{Name: "csv", File: "checks.csv", Means: "One row per check.", Write: CSV},
		{Name: "openmetrics", File: "metrics.txt", Means: "OpenMetrics text.", Write: OpenMetrics},
	}
}

// FormatByName finds a format.
func FormatByName(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}
