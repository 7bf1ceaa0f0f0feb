package reports

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// comparisonDocument is what ComparisonJSON writes.
type comparisonDocument struct {
	Schema     int                 `json:"schema"`
	Old        []measure.RunRecord `json:"old"`
	New        []measure.RunRecord `json:"new"`
	Thresholds struct {
		Alpha   float64 `json:"alpha"`
		Percent float64 `json:"percent"`
		LeastMS float64 `json:"least_ms"`
	} `json:"thresholds"`
	Counts    map[measure.Way]int `json:"counts"`
	Same      int                 `json:"same"`
	Latencies int                 `json:"latencies"` // distributions that were compared
	Notes     []string            `json:"notes"`
	Changes   []changeDocument    `json:"changes"`
}

type changeDocument struct {
	Way  measure.Way `json:"way"`
	Cell string      `json:"cell"`
	measure.Labels
	Old       *outcomeDocument  `json:"old"` // null when that run has no such cell
	New       *outcomeDocument  `json:"new"`
	Latencies []latencyDocument `json:"latencies"`
	Notes     []string          `json:"notes"`
}

type outcomeDocument struct {
	Verdict  measure.Verdict   `json:"verdict"`
	Cause    string            `json:"cause,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Verdicts []measure.Verdict `json:"verdicts,omitempty"`
}

type latencyDocument struct {
	Check   string     `json:"check"`
	Value   string     `json:"value"`
	OldMS   float64    `json:"old_ms"` // medians
	NewMS   float64    `json:"new_ms"`
	Percent float64    `json:"percent"`
	OldN    int        `json:"old_n"`
	NewN    int        `json:"new_n"`
	P       float64    `json:"p"`
	Old     [2]float64 `json:"old_range_ms"`
	New     [2]float64 `json:"new_range_ms"`
}

// ComparisonJSON writes a comparison as one document.
func ComparisonJSON(w io.Writer, c measure.Comparison) error {
	doc := comparisonDocument{
		Schema: measure.Schema, Old: withoutSecrets(c.Old), New: withoutSecrets(c.New), Counts: map[measure.Way]int{},
		Same: c.Same, Latencies: c.Latencies, Notes: append([]string{}, c.Notes...), Changes: []changeDocument{},
	}
	doc.Thresholds.Alpha, doc.Thresholds.Percent, doc.Thresholds.LeastMS = c.Thresholds.Alpha, c.Thresholds.Percent, c.Thresholds.Least.Seconds()*1000
	for _, way := range measure.Ways() {
		doc.Counts[way] = c.Count(way)
	}
	for _, change := range c.Changes {
		d := changeDocument{
			Way: change.Way, Cell: change.Cell, Labels: change.Labels, Old: newOutcome(change.Old), New: newOutcome(change.New),
			Latencies: []latencyDocument{}, Notes: append([]string{}, change.Notes...),
		}
		for _, l := range change.Latencies {
			d.Latencies = append(d.Latencies, latencyDocument{
				Check: l.Check, Value: l.Value, OldMS: l.OldMS, NewMS: l.NewMS, Percent: l.Percent(), OldN: l.OldN, NewN: l.NewN, P: l.P,
				Old: [2]float64{l.OldMin, l.OldMax}, New: [2]float64{l.NewMin, l.NewMax},
			})
		}
		doc.Changes = append(doc.Changes, d)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write json comparison: %w", err)
	}
	return nil
}

func newOutcome(o *measure.Outcome) *outcomeDocument {
	if o == nil {
		return nil
	}
	return &outcomeDocument{o.Verdict, o.Cause, o.Reason, o.Verdicts}
}

func withoutSecrets(runs []measure.RunRecord) []measure.RunRecord {
	out := []measure.RunRecord{}
	for _, r := range runs {
		r.Command = redact(r.Command)
		out = append(out, r)
	}
	return out
}
