package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// claimMark is how an answer to a claim looks. Its colours are those of
// verdicts, which it is none of.
func claimMark(a measure.ClaimAnswer) mark {
	switch a {
	case measure.ClaimHolds:
		return mark{"✓", a.Words(), "holds", "works"}
	case measure.ClaimFails:
		return mark{"✗", a.Words(), "not so", "broken"}
	case measure.ClaimOnlyIf:
		return mark{"~", a.Words(), "only if", "degraded"}
	case measure.ClaimUntested:
		return mark{"○", a.Words(), "untested", "none"}
	}
	return mark{"?", "unknown", "unknown", "none"} // of a later version; whatever it says is no word of ours
}

// claims are the answers of all runs, each claim once.
func (r *result) claims() []measure.ClaimRecord { return measure.Claims(r.runs...) }

// claimTally counts the answers: 16 claims: 5 hold, 9 do not, 2 hold only if ….
func claimTally(claims []measure.ClaimRecord) string {
	n := map[measure.ClaimAnswer]int{}
	for _, c := range claims {
		n[c.Answer]++
	}
	var parts []string
	for _, a := range measure.ClaimAnswers() {
		if n[a] > 0 {
			word := map[measure.ClaimAnswer]string{
				measure.ClaimHolds: verb(n[a], "holds", "hold"), measure.ClaimFails: verb(n[a], "does not", "do not"),
				measure.ClaimOnlyIf: verb(n[a], "holds", "hold") + " on a condition", measure.ClaimUntested: verb(n[a], "is untested", "are untested"),
			}[a]
			parts = append(parts, fmt.Sprintf("%d %s", n[a], word))
		}
	}
	return count(len(claims), "claim") + ": " + strings.Join(parts, ", ")
}

// answerOf is an answer in a sentence.
func answerOf(c measure.ClaimRecord) string {
	switch got := clean(c.Got); c.Answer {
	case measure.ClaimUntested:
		return "untested, because " + got
	default:
		return claimMark(c.Answer).Word + ": " + got
	}
}

func (p *page) claims(r *result) {
	claims := r.claims()
	if len(claims) == 0 {
		return
	}
	p.heading("Claims tested")
	p.wrap("", claimTally(claims)+".")
	for _, c := range claims {
		p.wrap(claimMark(c.Answer).Symbol+" ", clean(c.Sentence))
		p.wrap("    ", answerOf(c))
		p.wrap("    $ ", clean(c.Command))
	}
}

func (m *markdown) claims() {
	claims := m.r.claims()
	if len(claims) == 0 {
		return
	}
	m.line("<details open><summary>Claims tested</summary>")
	m.line("")
	m.line("| claim | answer | | repeat |")
	m.line("|---|---|---|---|")
	for _, c := range claims {
		m.line("| %s | %s | %s | %s |", cellCode(short(clean(c.Sentence), 200)), plain(claimMark(c.Answer).String()), cellCode(short(clean(c.Got), 600)), cellCode(short(clean(c.Command), 200)))
	}
	m.line("")
	m.line("</details>")
	m.line("")
}

// maxRunsNamed is how many runs the table of claims names.
const maxRunsNamed = 3

// Claims writes the claims of the runs alone, each with what it rests on: what
// is claimed and by whom, how it was measured, the numbers, and the command
// that repeats it.
func Claims(w io.Writer, runs []*measure.Run) error {
	r := merge(runs)
	m := &markdown{r: r}
	claims := r.claims()
	m.line("# Claims about comet, tested")
	m.line("")
	m.line("%s. An answer holds for the machine, the programs and the browser that it was measured with; the numbers are those of the runs named here.", claimTally(claims))
	m.line("What is claimed of proxies is tested on real programs only. %s measures all of them again.", code("cometbench run --claim '*'"))
	m.line("")
	for i, run := range runs {
		if i == maxRunsNamed {
			m.line("And %s.", count(len(runs)-i, "further run"))
			m.line("")
			break
		}
		m.line("%s", plain(fmt.Sprintf("Run %s, %s, %s.", run.Record.ID, stamp(run.Record.Started), machine(run.Record.Host))))
		m.line("")
	}
	m.line("| claim | answer | | repeat |")
	m.line("|---|---|---|---|")
	for _, c := range claims {
		m.line("| %s | %s | %s | %s |", inCell(plain(c.Sentence)), plain(claimMark(c.Answer).String()), inCell(plain(c.Got)), cellCode(c.Command))
	}
	for _, c := range claims {
		m.line("")
		m.line("## %s", plain(c.Sentence))
		m.line("")
		m.line("**%s.** %s", plain(claimMark(c.Answer).String()), plain(c.Got))
		m.line("")
		m.line("- claimed by: %s", plain(c.Source))
		m.line("- measured: %s", plain(c.Measured))
		for _, row := range c.Rows {
			m.line("- %s", plain(row))
		}
		m.line("- repeat: %s (%.0f s)", code(c.Command), float64(c.TookMS)/1000)
	}
	if _, err := io.WriteString(w, strings.TrimRight(m.String(), "\n")+"\n"); err != nil {
		return fmt.Errorf("write claims: %w", err)
	}
	return nil
}

// claimView is one claim on the page.
type claimView struct {
	mark
	Anchor, Sentence, Got, Source, Measured, Command string
	Rows                                             []string
}

func newClaims(r *result) []claimView {
	var out []claimView
	for i, c := range r.claims() {
		v := claimView{claimMark(c.Answer), fmt.Sprintf("claim%d", i+1), clean(c.Sentence), clean(c.Got), clean(c.Source), clean(c.Measured), clean(c.Command), nil}
		for _, row := range c.Rows {
			v.Rows = append(v.Rows, clean(row))
		}
		out = append(out, v)
	}
	return out
}
