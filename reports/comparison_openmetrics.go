package reports

import (
	"fmt"
	"io"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ComparisonOpenMetrics writes a comparison as OpenMetrics 1.0 text. Durations
// are in seconds.
func ComparisonOpenMetrics(w io.Writer, c measure.Comparison) error {
	var m metrics
	m.family("cometbench_comparison_cells", "gauge", "", "Cells by the way in which they changed; same are those that did not.")
	for _, way := range measure.Ways() {
		m.sample("cometbench_comparison_cells", float64(c.Count(way)), "way", string(way))
	}
	m.sample("cometbench_comparison_cells", float64(c.Same), "way", "same")
	m.family("cometbench_comparison_change", "gauge", "", "Each changed cell; the value is always 1.")
	for _, change := range c.Changes {
		labels := append(labelPairs(change.Labels), "way", string(change.Way))
		for _, side := range []struct {
			name string
			o    *measure.Outcome
		}{{"old", change.Old}, {"new", change.New}} {
			o := side.o
			if o == nil {
				o = new(measure.Outcome)
			}
			labels = append(labels, side.name+"_verdict", string(o.Verdict), side.name+"_cause", o.Cause)
		}
		m.sample("cometbench_comparison_change", 1, labels...)
	}
	m.family("cometbench_comparison_latency_seconds", "gauge", "seconds", "Medians of the latencies that changed, before and now.")
	for _, change := range c.Changes {
		for _, l := range change.Latencies {
			labels := append(labelPairs(change.Labels), "check", l.Check, "value", l.Value)
			m.sample("cometbench_comparison_latency_seconds", l.OldMS/1000, append(labels[:len(labels):len(labels)], "run", "old")...)
			m.sample("cometbench_comparison_latency_seconds", l.NewMS/1000, append(labels[:len(labels):len(labels)], "run", "new")...)
		}
	}
	m.buf.WriteString("# EOF\n")
	if _, err := w.Write(m.buf.Bytes()); err != nil {
		return fmt.Errorf("write openmetrics comparison: %w", err)
	}
	return nil
}
