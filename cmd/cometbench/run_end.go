package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// finishRun appends the end line with what the gates say and renders the
// reports. An interrupted run is held against nothing.
func finishRun(w *measure.Writer, complete bool, g *gates) (measure.EndRecord, error) {
	run, err := measure.Read(w.Dir())
	if err != nil {
		return measure.EndRecord{}, err
	}
	cells, _ := measure.Merge(run)
	end := measure.EndRecord{Type: measure.TypeEnd, Finished: time.Now(), Cells: len(cells), Verdicts: map[measure.Verdict]int{}, Complete: complete}
	for _, c := range cells {
		end.Verdicts[c.Verdict]++
	}
	if complete {
		end.Gates = g.judge(run)
	}
	if err := w.Append(end); err != nil {
		return end, err
	}
	return end, errors.Join(reports.WriteAll(w.Dir()), writeFidelity(run), writeFallback(run), writeClaims(run))
}

// printRun prints the table and where the report is.
func printRun(out io.Writer, dir string) error {
	run, err := measure.Read(dir)
	if err != nil {
		return err
	}
	table := reports.TextOptions{Width: terminalWidth(out)}
	if err := table.Write(out, []*measure.Run{run}); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nreport: %s\n", filepath.Join(dir, "report.html"))
	return nil
}

// outcomeOf turns the end of a complete run into an exit code. A measurement
// that failed goes before a gate that did; both are told.
func outcomeOf(end measure.EndRecord) error {
	var failed []error
	for _, g := range end.Gates {
		if !g.OK() {
			failed = append(failed, errors.New(failure(g)))
		}
	}
	if n := end.Verdicts[measure.HarnessFailed] + end.Verdicts[measure.SetupFailed]; n > 0 {
		err := fmt.Errorf("%d cells say nothing about their path (harness_failed or setup_failed); the report names why", n)
		return &exitError{exitHarness, errors.Join(append([]error{err}, failed...)...)}
	}
	if len(failed) > 0 {
		return &exitError{exitGate, errors.Join(failed...)}
	}
	return nil
}
