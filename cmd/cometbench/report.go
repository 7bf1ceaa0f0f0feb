package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// reportOptions are the flags of `report`.
type reportOptions struct{ format, out string }

func reportCommand() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report DIR…",
		Short: "Render run directories",
		Long: `Report renders one run directory, or several merged into one: shards, or a run
and what was measured again later. Of cells with equal labels the last
directory's wins; shards that are missing are named.`,
		Example: "  cometbench report cometbench-out/20261120-120000.000 --format html -o report.html",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("want a run directory; cometbench run writes one below cometbench-out")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return report(args, o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.format, "format", "text", "html, md, text, junit, github, json, csv, openmetrics, fidelity (programs beside what imitates them), advice (what became of it) or claims (what is said of comet, tested)")
	cmd.Flags().StringVarP(&o.out, "output", "o", "", "file to write (default: standard output)")
	return cmd
}

func report(dirs []string, o reportOptions, stdout, stderr io.Writer) error {
	format, ok := reports.FormatByName(o.format)
	for _, own := range []reports.Format{fidelityFormat, adviceFormat, claimsFormat} {
		if o.format == own.Name {
			format, ok = own, true
		}
	}
	if !ok {
		known := []string{fidelityFormat.Name, adviceFormat.Name, claimsFormat.Name}
		for _, f := range reports.Formats() {
			known = append(known, f.Name)
		}
		return unknownName("format", o.format, known)
	}
	var runs []*measure.Run
	for _, dir := range dirs {
		run, err := readRun(dir, stderr)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	for _, m := range measure.Missing(runs) {
		fmt.Fprintln(stderr, "cometbench: warning: "+oneLine(m.String()))
	}
	if why := nothingOf(format, runs); why != "" {
		return usage("%s", why)
	}
	if o.out != "" {
		if err := reports.WriteFile(o.out, format, runs...); err != nil {
			return usage("%w", err)
		}
		return nil
	}
	if format.Name == "text" {
		return reports.TextOptions{Width: terminalWidth(os.Stdout)}.Write(stdout, runs)
	}
	return format.Write(stdout, runs)
}

// nothingOf says why a format of one matter has nothing to show of these runs.
func nothingOf(format reports.Format, runs []*measure.Run) string {
	holds := func(has func(*measure.Run) bool) bool { return slices.ContainsFunc(runs, has) }
	switch {
	case format.Name == claimsFormat.Name && !holds(func(r *measure.Run) bool { return len(r.Claims) > 0 }):
		return "no claims were tested in this; run --claim NAME does (cometbench list claims)"
	case format.Name == adviceFormat.Name && !holds(func(r *measure.Run) bool { return len(r.Advice) > 0 }):
		return "no advice was tried in this; run --prove does, where a real program needs any"
	}
	return ""
}
