package reports

import (
	"fmt"
	"io"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ComparisonText writes a comparison for a terminal of 80 columns, without
// colour.
func ComparisonText(w io.Writer, c measure.Comparison) error {
	return TextOptions{}.WriteComparison(w, c)
}

// WriteComparison is ComparisonText with options.
func (o TextOptions) WriteComparison(w io.Writer, c measure.Comparison) error {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{width: max(o.Width, 40), color: o.Color}
	p.wrap("", comparisonHeadline(c)+".")
	for _, s := range comparisonBasis(c, clean) {
		p.wrap("", s)
	}
	for _, n := range c.Notes {
		p.wrap("! ", clean(n))
	}
	for _, way := range measure.Ways() {
		changes := c.Of(way)
		if len(changes) == 0 {
			continue
		}
		p.heading(fmt.Sprintf("%s (%d)", title(wayMark(way).Word), len(changes)))
		for _, change := range changes {
			p.wrap(wayMark(way).Symbol+" ", clean(change.Labels.String()))
			for _, line := range changeLines(change) {
				p.wrap("    ", line)
			}
		}
	}
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write text comparison: %w", err)
	}
	return nil
}

// title begins a word with a capital.
func title(word string) string { return string(word[0]-'a'+'A') + word[1:] }
