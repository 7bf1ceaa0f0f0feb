package main

import (
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// mostNamed is how many cells a failed gate names; the report has all.
const mostNamed = 5

// worstCells names what made a gate fail, with what to do about it, each on
// one line behind the first.
func worstCells(dir, failOn string) string {
	run, err := measure.Read(dir)
	if err != nil {
		return ""
	}
	var lines []string
	for _, verdict := range []measure.Verdict{measure.Broken, measure.Degraded} {
		if verdict == measure.Degraded && failOn != "degraded" {
			continue
		}
		for _, c := range run.Cells {
			if c.Verdict == verdict {
				lines = append(lines, fmt.Sprintf("%s: %s, %s. %s", c.Labels, c.Verdict, c.Cause, c.Advice))
			}
		}
	}
	if more := len(lines) - mostNamed; more > 0 {
		lines = append(lines[:mostNamed], fmt.Sprintf("and %d more; the report has all", more))
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString("\n  " + l)
	}
	return b.String()
}
