package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ComparisonJUnit writes a comparison as JUnit XML: a suite per way of
// changing, a case per cell. Worse cells are failures, gone ones are skipped.
func ComparisonJUnit(w io.Writer, c measure.Comparison) error {
	doc := xmlSuites{Name: "cometbench compare", Time: seconds(0)}
	for _, way := range measure.Ways() {
		s := xmlSuite{Name: wayMark(way).Word, Time: seconds(0), Properties: []xmlProperty{{"same", fmt.Sprint(c.Same)}, {"latencies", fmt.Sprint(c.Latencies)}}}
		for _, change := range c.Of(way) {
			k := xmlCase{Name: clean(change.Labels.String()), Classname: s.Name, Time: seconds(0)}
			lines := changeLines(change)
			message, body := strings.Join(lines[:min(1, len(lines))], ""), newText("\n"+strings.Join(lines, "\n")+"\n")
			switch way {
			case measure.ChangeWorse:
				k.Failure = &xmlDetail{Message: message, Type: string(way), xmlText: body}
				s.Failures++
			case measure.ChangeGone:
				k.Skipped = &xmlDetail{Message: message}
				s.Skipped++
			default:
				k.Out = &body
			}
			s.Tests++
			s.Cases = append(s.Cases, k)
		}
		doc.Tests += s.Tests
		doc.Failures += s.Failures
		doc.Skipped += s.Skipped
		doc.Suites = append(doc.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write junit comparison: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write junit comparison: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write junit comparison: %w", err)
	}
	return nil
}
