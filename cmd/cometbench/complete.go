package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// completions teaches a shell the closed lists behind a command's flags; cobra
// writes the scripts (cometbench completion bash, zsh, fish, powershell).
func completions(root *cobra.Command) {
	var techniques, checks, formats, comparisons []string
	for _, t := range measure.Techniques() {
		techniques = append(techniques, t.Name)
	}
	for _, c := range scenarios.All() {
		checks = append(checks, c.ID)
	}
	for _, f := range reports.Formats() {
		formats = append(formats, f.Name)
	}
	for _, f := range reports.ComparisonFormats() {
		comparisons = append(comparisons, f.Name)
	}
	flags := map[string][]string{
		"technique": techniques, "check": checks, "client": clientNames(), "proxy": knownProxies(),
		"http": {"1.0", "1.1", "2", "3"}, "mode": {"reverse", "forward"}, "suite": suiteNames(),
	}
	for _, cmd := range root.Commands() {
		for name, values := range flags {
			completeList(cmd, name, values)
		}
		switch cmd.Name() {
		case "run":
			completeList(cmd, "fail-on", []string{"degraded", "broken"})
		case "report":
			completeList(cmd, "format", formats)
		case "compare":
			completeList(cmd, "format", comparisons)
			var ways []string
			for _, w := range measure.Ways() {
				ways = append(ways, string(w))
			}
			completeList(cmd, "fail-on", ways)
		case "list":
			cmd.ValidArgs = listKinds
		case "explain":
			for _, c := range measure.Causes() {
				cmd.ValidArgs = append(cmd.ValidArgs, c.ID+"\t"+c.Means)
			}
		}
	}
}

// completeList completes a flag that takes values of a list, several of them
// with commas between.
func completeList(cmd *cobra.Command, name string, values []string) {
	if cmd.Flags().Lookup(name) == nil {
		return
	}
	_ = cmd.RegisterFlagCompletionFunc(name, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) { // fails for unknown flags and second registrations only
		before := ""
		if i := strings.LastIndex(typed, ","); i >= 0 {
			before = typed[:i+1]
		}
		out := make([]string, len(values))
		for i, v := range values {
			out[i] = before + v
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	})
}
