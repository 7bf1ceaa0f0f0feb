package main

import (
	"io"
	"path/filepath"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios/fidelity"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// fidelityFormat lays programs beside the presets that imitate them. It is no
// format of package reports, which does not know what stands for what.
var fidelityFormat = reports.Format{
	Name: "fidelity", File: "fidelity.md", Means: "Programs beside the presets that imitate them.",
	Write: func(w io.Writer, runs []*measure.Run) error {
		return fidelity.Compare(fidelity.Pairs(), runs...).WriteMarkdown(w)
	},
}

// writeFidelity adds that report to the directory of a run of the suite that
// is made for it.
func writeFidelity(run *measure.Run) error {
	if run.Record.Suite != fidelityFormat.Name {
		return nil
	}
	return reports.WriteFile(filepath.Join(run.Dir, fidelityFormat.File), fidelityFormat, run)
}
