package reports

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// document is what JSON writes. The records are those of results.jsonl, field
// for field.
type document struct {
	Schema   int                   `json:"schema"`
	Complete bool                  `json:"complete"` // every run came to its end
	Replaced int                   `json:"replaced"` // cells that a later run measured again
	Runs     []documentRun         `json:"runs"`
	Cells    []measure.CellRecord  `json:"cells"`
	Checks   []measure.CheckRecord `json:"checks"`
	Loads    []measure.LoadRecord  `json:"loads"`
	// Advice is what became of it: run --prove.
	Advice []measure.AdviceRecord `json:"advice"`
	Claims []measure.ClaimRecord  `json:"claims,omitempty"`
}

type documentRun struct {
	Run      measure.RunRecord  `json:"run"`
	End      *measure.EndRecord `json:"end"` // null when interrupted
	Warnings []string           `json:"warnings"`
}

// JSON writes the records of all runs, merged, as one document: runs, cells,
// checks, loads and what became of advice. Text is as it was recorded; cells that are replaced are
// left out with their checks.
func JSON(w io.Writer, runs []*measure.Run) error {
	r := merge(runs)
	doc := document{
		Schema: measure.Schema, Complete: len(r.interrupted()) == 0, Replaced: r.replaced,
		Runs: []documentRun{}, Cells: []measure.CellRecord{}, Checks: []measure.CheckRecord{},
		Loads: append([]measure.LoadRecord{}, r.loads()...), Advice: append([]measure.AdviceRecord{}, r.advice...), Claims: r.claims(),
	}
	for _, run := range runs {
		rec := run.Record
		rec.Command = redact(rec.Command)
		doc.Runs = append(doc.Runs, documentRun{Run: rec, End: run.End, Warnings: append([]string{}, run.Warnings...)})
	}
	for _, c := range r.cells {
		doc.Cells = append(doc.Cells, c.CellRecord)
		doc.Checks = append(doc.Checks, c.checks...)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write json report: %w", err)
	}
	return nil
}
