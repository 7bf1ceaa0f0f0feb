package fidelity

import (
	"fmt"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// WriteMarkdown writes the table: a line for each pair, then what differs, and
// what could not be compared.
func (r Result) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	s := r.Shares(nil)
	tuned, foretold := r.Shares(func(p Pair) bool { return p.Tuned }), r.Shares(func(p Pair) bool { return !p.Tuned })
	fmt.Fprintf(&b, "# How true the simulation is\n\n")
	fmt.Fprintf(&b, "Each installed program beside the preset or composition that stands for it: %s of cells agree in verdict and cause, %s of checks, and %s of figures\n"+
		"(sizes within %.0f %%, limits within %.0f %%). Of the configurations that presets were tuned on %s of cells agree, of the others, which were composed from\n"+
		"documentation, %s. The simulation says works where the program does not in %d cells. All of it holds for the versions named here.\n\n",
		share(s.Cells), share(s.Checks), share(s.Figures), 100*ThresholdTolerance, 100*LimitTolerance, share(tuned.Cells), share(foretold.Cells), s.FalseWorks)
	b.WriteString("| program | version | configuration | stands for it | tuned | cells | checks | figures |\n|---|---|---|---|---|---|---|---|\n")
	for _, p := range r.Pairs {
		if p.Missing != "" {
			fmt.Fprintf(&b, "| %s | – | – | %s | %s | %s | | |\n", code(p.Real), code(p.Sim), yes(p.Tuned), cell(p.Missing))
			continue
		}
		s := p.Shares()
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", code(p.Real), cell(p.Version), code(configShort(p.Config)),
			code(p.Sim), yes(p.Tuned), share(s.Cells), share(s.Checks), share(s.Figures))
	}
	r.notes(&b)
	r.differences(&b)
	r.figures(&b)
	r.found(&b)
	r.lists(&b)
	for _, run := range r.Runs {
		rec := run.Record
		fmt.Fprintf(&b, "\nRun %s, %s/%s, %d processors, %s.\n", cell(rec.ID), cell(rec.Host.OS), cell(rec.Host.Arch), rec.Host.CPUs, rec.Started.UTC().Format("2006-01-02"))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write fidelity: %w", err)
	}
	return nil
}

// configShort is the beginning of a configuration's hash.
func configShort(hash string) string {
	hash = strings.TrimPrefix(hash, "sha256:")
	return hash[:min(8, len(hash))]
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// lists writes what was left out of the shares.
func (r Result) lists(b *strings.Builder) {
	for _, l := range []struct {
		title string
		of    func(PairResult) []string
	}{
		{"Not asked of the program", func(p PairResult) []string { return p.Unasked }},
		{"Not comparable", func(p PairResult) []string { return p.Apart }},
	} {
		title := "\n## " + l.title + "\n\n"
		for _, p := range r.Pairs {
			for _, what := range l.of(p) {
				fmt.Fprintf(b, "%s- %s: %s\n", title, code(p.Real), cell(what))
				title = ""
			}
		}
	}
}

// notes writes what is to be said of pairs.
func (r Result) notes(b *strings.Builder) {
	title := "\n## Notes\n\n"
	for _, p := range r.Pairs {
		if p.Note != "" {
			fmt.Fprintf(b, "%s- %s: %s.\n", title, code(p.Real), cell(p.Note))
			title = ""
		}
	}
}

func (r Result) differences(b *strings.Builder) {
	b.WriteString("\n## Where they differ\n\n| cell | real | simulated | checks that differ |\n|---|---|---|---|\n")
	none := true
	for _, p := range r.Pairs {
		for _, c := range p.Cells {
			if c.Agrees {
				continue
			}
			none = false
			var checks []string
			for _, k := range c.Checks {
				if !k.Agrees {
					checks = append(checks, fmt.Sprintf("%s: %s, not %s", k.Check, verdict(k.Real.Verdict, k.Real.Cause), verdict(k.Sim.Verdict, k.Sim.Cause)))
				}
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", cell(c.Labels.String()), cell(verdict(c.Real.Verdict, c.Real.Cause)), cell(verdict(c.Sim.Verdict, c.Sim.Cause)), cell(strings.Join(checks, "; ")))
		}
	}
	if none {
		b.WriteString("| nowhere | | | |\n")
	}
}

func (r Result) figures(b *strings.Builder) {
	b.WriteString("\n## Sizes and limits\n\n| cell | check | figure | real | simulated | |\n|---|---|---|---|---|---|\n")
	for _, p := range r.Pairs {
		for _, f := range p.Figures {
			mark := ""
			if !f.Within {
				mark = "differs"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %g | %g | %s |\n", cell(f.Labels.String()), f.Check, f.Name, f.Real, f.Sim, mark)
		}
	}
}

func verdict(v measure.Verdict, cause string) string {
	if cause == "" {
		return string(v)
	}
	return string(v) + " (" + cause + ")"
}

func share(s Share) string {
	if s.Of == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d (%.0f %%)", s.Agree, s.Of, s.Percent())
}

// cell keeps text from ending its cell.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(s)
}

func code(s string) string { return "`" + strings.ReplaceAll(cell(s), "`", "'") + "`" }
