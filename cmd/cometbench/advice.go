package main

import (
	"fmt"
	"io"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios/advice"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// adviceFormat is what became of advice alone, of all runs with --prove. Package
// reports has it as a section of the others.
var adviceFormat = reports.Format{
	Name: "advice", File: "advice.md", Means: "What became of advice that was tried.",
	Write: func(w io.Writer, runs []*measure.Run) error {
		records := measure.MergeAdvice(runs...)
		advice.Sort(records, runs...)
		if err := advice.WriteMarkdown(w, records); err != nil {
			return err
		}
		for _, run := range runs {
			rec := run.Record
			if _, err := fmt.Fprintf(w, "\nRun %s, %s/%s, %d processors, %s.\n", oneLine(rec.ID), oneLine(rec.Host.OS), oneLine(rec.Host.Arch), rec.Host.CPUs, rec.Started.UTC().Format("2006-01-02")); err != nil {
				return fmt.Errorf("write advice: %w", err)
			}
		}
		return nil
	},
}
