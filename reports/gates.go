package reports

import (
	"fmt"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// gatesOf are what a run was held against at its end.
func gatesOf(run *measure.Run) []measure.Gate {
	if run.End == nil {
		return nil
	}
	return run.End.Gates
}

// expected reports whether a cell is as bad as the suite of its run expects.
func expected(c *cell) bool {
	return slices.ContainsFunc(gatesOf(c.run), func(g measure.Gate) bool { return slices.Contains(g.Expected, c.Cell) })
}

// gateTitle names a gate as users ask for it.
func gateTitle(g measure.Gate) string {
	rule := clean(g.Rule)
	switch g.Gate {
	case measure.GateFailOn:
		return "fail on " + rule
	case measure.GateExpect:
		return "expectations of suite " + rule
	case measure.GateBaseline:
		return "baseline " + rule
	}
	return clean(g.Gate) + " " + rule
}

// gateMark is works for one that holds and broken for one that does not.
func gateMark(g measure.Gate) mark {
	if g.OK() {
		return markOf(measure.Works)
	}
	return markOf(measure.Broken)
}

// gateSentence says how a gate came out.
func gateSentence(g measure.Gate) string {
	s := fmt.Sprintf("%s: %s", gateTitle(g), count(g.Passed, "cell")+verb(g.Passed, " holds", " hold"))
	if g.Gate == measure.GateExpect {
		s = fmt.Sprintf("%s: %d met", gateTitle(g), g.Passed)
	}
	if n := len(g.Failed); n > 0 {
		s += fmt.Sprintf(", %d failed", n)
	}
	if n := len(g.Open); n > 0 {
		s += fmt.Sprintf(", %d open", n)
	}
	return s
}

// gateLines are what a gate found wanting, what it could not answer, and what
// else it says.
func gateLines(g measure.Gate) []string {
	var out []string
	for _, f := range g.Failed {
		out = append(out, "failed: "+clean(f))
	}
	for _, f := range g.Open {
		out = append(out, "open: "+clean(f))
	}
	for _, f := range g.Notes {
		out = append(out, "note: "+clean(f))
	}
	return out
}

func (p *page) gates(r *result) {
	heading := false
	for _, run := range r.runs {
		for _, g := range gatesOf(run) {
			if !heading {
				p.heading("Gates")
				heading = true
			}
			p.wrap(gateMark(g).Symbol+" ", gateSentence(g))
			for _, line := range gateLines(g) {
				p.WriteString("    " + line + "\n") // one line each, however long: to be searched for
			}
		}
	}
}

func (m *markdown) gates() {
	for _, run := range m.r.runs {
		for _, g := range gatesOf(run) {
			m.line("- **%s** %s", gateMark(g).Symbol, plain(gateSentence(g)))
			lines := gateLines(g)
			for i, line := range lines {
				if i == maxNotes {
					m.line("  - … and %s in the full report", count(len(lines)-i, "further line"))
					break
				}
				m.line("  - %s", code(short(line, 300)))
			}
		}
	}
	if slices.ContainsFunc(m.r.runs, func(run *measure.Run) bool { return len(gatesOf(run)) > 0 }) {
		m.line("")
	}
}

// gateView is one gate on the page.
type gateView struct {
	mark
	Text  string
	Lines []string
}

func newGates(r *result) []gateView {
	var out []gateView
	for _, run := range r.runs {
		for _, g := range gatesOf(run) {
			out = append(out, gateView{gateMark(g), gateSentence(g), gateLines(g)})
		}
	}
	return out
}

// gateSuite is the gates of a run as a suite of JUnit, a case per gate.
func gateSuite(run *measure.Run) (xmlSuite, bool) {
	s := xmlSuite{Name: "gates", Time: seconds(0), Properties: []xmlProperty{{"run", clean(run.Record.ID)}}}
	for _, g := range gatesOf(run) {
		k := xmlCase{Name: gateTitle(g), Classname: s.Name, Time: seconds(0)}
		text := ""
		for _, line := range gateLines(g) {
			text += "\n" + line
		}
		if body := newText(text + "\n"); !g.OK() {
			k.Failure = &xmlDetail{Message: gateSentence(g), Type: clean(g.Gate), xmlText: body}
			s.Failures++
		} else if text != "" {
			k.Out = &body
		}
		s.Tests++
		s.Cases = append(s.Cases, k)
	}
	return s, len(s.Cases) > 0
}
