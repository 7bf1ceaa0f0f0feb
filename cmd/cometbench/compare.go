package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios/compare"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// compareOptions are the flags of `compare`.
type compareOptions struct {
	format, out string
	failOn      []string
	latency     measure.LatencyThresholds
}

func compareCommand() *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare OLD NEW…",
		Short: "What changed between two runs",
		Long: `Compare says which cells are better, worse, new or gone in NEW. Each is a run
directory or a results.jsonl; several of NEW are merged, as the shards of a run.

Verdicts and causes are compared exactly: another cause of the same verdict is
worse. Latencies are compared as distributions over the repetitions of the two
runs (run --repeat): one differs when the Mann-Whitney U test says that chance
does not explain it and its median moved by more than both thresholds.`,
		Example: `  cometbench compare baseline.jsonl cometbench-out/20261120-120000.000
  cometbench compare baseline.jsonl shard-1 shard-2 shard-3 --format md -o changes.md --fail-on worse`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("want two runs, as cometbench compare OLD NEW; each is a run directory or a results.jsonl")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return compareRuns(args, o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "text, md, html, junit, github, json, csv or openmetrics")
	f.StringVarP(&o.out, "output", "o", "", "file to write (default: standard output)")
	f.StringSliceVar(&o.failOn, "fail-on", nil, "exit 1 when cells are any of: better, worse, new, gone")
	latencyFlags(f, &o.latency)
	return cmd
}

func compareRuns(paths []string, o compareOptions, stdout, stderr io.Writer) error {
	format, ok := reports.ComparisonFormatByName(o.format)
	if !ok {
		var names []string
		for _, f := range reports.ComparisonFormats() {
			names = append(names, f.Name)
		}
		return unknownName("format", o.format, names)
	}
	var ways []string
	for _, w := range measure.Ways() {
		ways = append(ways, string(w))
	}
	for _, w := range o.failOn {
		if !slices.Contains(ways, w) {
			return usage("--fail-on %q: want %s", w, strings.Join(ways, ", "))
		}
	}
	if err := checkLatency(o.latency); err != nil {
		return err
	}
	var runs []*measure.Run
	for _, path := range paths {
		run, err := readRun(path, stderr)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	c := compare.Runs(runs[:1], runs[1:], compare.Options{Thresholds: o.latency})
	if err := writeComparison(c, format, o.out, stdout); err != nil {
		return err
	}
	var failed []string
	for _, w := range o.failOn {
		if n := c.Count(measure.Way(w)); n > 0 {
			failed = append(failed, fmt.Sprintf("%d %s", n, w))
		}
	}
	if len(failed) > 0 {
		return &exitError{exitGate, fmt.Errorf("gate --fail-on %s: %s", strings.Join(o.failOn, ","), strings.Join(failed, ", "))}
	}
	return nil
}

func writeComparison(c measure.Comparison, format reports.ComparisonFormat, out string, stdout io.Writer) error {
	switch {
	case out != "":
		if err := reports.WriteComparisonFile(out, format, c); err != nil {
			return usage("%w", err)
		}
		return nil
	case format.Name == "text":
		return reports.TextOptions{Width: terminalWidth(os.Stdout)}.WriteComparison(stdout, c)
	}
	return format.Write(stdout, c)
}

// readRun reads a run directory or a results file and warns of lines that are
// not understood.
func readRun(path string, stderr io.Writer) (*measure.Run, error) {
	run, err := measure.ReadResults(path)
	if err != nil {
		return nil, usage("%w", err)
	}
	for _, w := range run.Warnings {
		fmt.Fprintln(stderr, "cometbench: warning: "+oneLine(w))
	}
	return run, nil
}
