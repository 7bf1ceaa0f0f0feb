package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// maxChanges is how many changes of one way a summary tells.
const maxChanges = 40

// ComparisonMarkdown writes a comparison short enough for a pull-request
// comment, worse cells first. Every text of the runs is a code span, as in
// Markdown.
func ComparisonMarkdown(w io.Writer, c measure.Comparison) error {
	m := &markdown{}
	symbol := markOf(measure.Works).Symbol
	if c.Count(measure.ChangeWorse) > 0 {
		symbol = wayMark(measure.ChangeWorse).Symbol
	}
	m.line("## %s %s", symbol, comparisonHeadline(c))
	m.line("")
	for _, s := range comparisonBasis(c, code) {
		m.line("%s", s)
		m.line("")
	}
	for _, n := range c.Notes {
		m.line("> **Note:** %s", code(n))
		m.line("")
	}
	for _, way := range measure.Ways() {
		changes := c.Of(way)
		if len(changes) == 0 {
			continue
		}
		m.line("### %s %s", wayMark(way).Symbol, title(wayMark(way).Word))
		m.line("")
		for i, change := range changes {
			if i == maxChanges {
				m.line("- … and %s", count(len(changes)-i, "further cell"))
				break
			}
			m.line("- %s", code(short(change.Labels.String(), 200)))
			for _, line := range changeLines(change) {
				m.line("  - %s", code(short(line, 300)))
			}
		}
		m.line("")
	}
	if _, err := io.WriteString(w, strings.TrimRight(m.String(), "\n")+"\n"); err != nil {
		return fmt.Errorf("write markdown comparison: %w", err)
	}
	return nil
}
