package main

import (
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
		return advice.WriteMarkdown(w, records)
	},
}
