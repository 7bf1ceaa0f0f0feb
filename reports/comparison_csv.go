package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ComparisonCSV writes one row per changed cell, and one more for each of its
// latencies that changed (RFC 4180, LF line ends).
func ComparisonCSV(w io.Writer, c measure.Comparison) error {
	rows := [][]string{{
		"way", "cell", "technique", "proxy", "client", "http", "tls", "variant", "old_verdict", "old_cause", "new_verdict", "new_cause",
		"check", "value", "old_ms", "new_ms", "percent", "old_n", "new_n", "p",
	}}
	for _, change := range c.Changes {
		row := []string{
			string(change.Way), change.Cell, change.Technique, change.Proxy, change.Client, change.HTTP, strconv.FormatBool(change.TLS), change.Variant,
		}
		for _, o := range []*measure.Outcome{change.Old, change.New} {
			if o == nil {
				o = new(measure.Outcome)
			}
			row = append(row, string(o.Verdict), o.Cause)
		}
		for i, text := range row {
			row[i] = inert(text)
		}
		rows = append(rows, append(row[:len(row):len(row)], make([]string, 8)...))
		for _, l := range change.Latencies {
			number := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
			rows = append(rows, append(row[:len(row):len(row)], inert(l.Check), inert(l.Value), number(l.OldMS), number(l.NewMS), number(l.Percent()),
				strconv.Itoa(l.OldN), strconv.Itoa(l.NewN), number(l.P)))
		}
	}
	if err := csv.NewWriter(w).WriteAll(rows); err != nil {
		return fmt.Errorf("write csv comparison: %w", err)
	}
	return nil
}
