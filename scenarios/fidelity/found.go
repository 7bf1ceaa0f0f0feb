package fidelity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// finding is a cause that checks named for a program, without being told what
// to look for.
type finding struct {
	cause      string
	techniques []string
	got        string // of the first check that named it
}

// found are the causes that any check of the real program's cells named, by
// name.
func (r PairResult) found() []finding {
	byCause := map[string]*finding{}
	for _, c := range r.Cells {
		for _, pair := range c.Checks {
			k := pair.Real
			if k.Cause == "" || k.Verdict == measure.Works {
				continue
			}
			f := byCause[k.Cause]
			if f == nil {
				f = &finding{cause: k.Cause, got: k.Got}
				byCause[k.Cause] = f
			}
			if !slices.Contains(f.techniques, k.Technique) {
				f.techniques = append(f.techniques, k.Technique)
			}
		}
	}
	var out []finding
	for _, f := range byCause {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b finding) int { return cmp.Compare(a.cause, b.cause) })
	return out
}

// found writes what the checks found in the programs.
func (r Result) found(b *strings.Builder) {
	b.WriteString("\n## What was found in the programs\n\nWithout being told what to look for; the words are those of the first check that named the cause.\n\n" +
		"| program | cause | techniques | as in |\n|---|---|---|---|\n")
	for _, p := range r.Pairs {
		for _, f := range p.found() {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", code(p.Real), f.cause, strings.Join(f.techniques, ", "), cell(f.got))
		}
	}
}
