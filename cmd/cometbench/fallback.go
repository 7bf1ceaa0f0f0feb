package main

import (
	"io"
	"path/filepath"
	"slices"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// fallbackFormat is the table of what clients end up with that may choose.
var fallbackFormat = reports.Format{
	Name: "fallback", File: "fallback.md", Means: "What clients end up with that may choose, by path.",
	Write: func(w io.Writer, runs []*measure.Run) error { return reports.FallbackTable(w, runs) },
}

// writeFallback adds that report to the directory of a run that asked no more
// than this.
func writeFallback(run *measure.Run) error {
	other := func(c measure.CheckRecord) bool { return c.Check != scenarios.OpeningFallback().ID }
	told := func(c measure.CheckRecord) bool { return c.Values != nil }
	if slices.ContainsFunc(run.Checks, other) || !slices.ContainsFunc(run.Checks, told) {
		return nil
	}
	return reports.WriteFile(filepath.Join(run.Dir, fallbackFormat.File), fallbackFormat, run)
}
