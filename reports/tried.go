package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// tried is what became of one piece of advice that was applied to a copy of a
// program's configuration: run --prove. Its texts are clean.
type tried struct {
	mark         // of the outcome, as a verdict: works is proven
	Cause        string
	Outcome      string   // "proven", "not proven: …", "not tried: …"
	Where        string   // for people: "in the location"
	Lines        []string // what was added
	Beside       bool     // it is the cause of checks only
	Upon         string   // the causes that were mended in the copy before
	Cells        []string // what cells were and became, with their techniques
	Alternatives []string // what works instead, where it is not proven
}

// hopTried is all of one proxy.
type hopTried struct {
	proxy string
	tried []tried
}

// adviceTried lists them by proxy, in the order of the matrix.
func (r *result) adviceTried() []hopTried {
	groups := measure.GroupAdvice(r.advice)
	slices.SortStableFunc(groups, func(a, b measure.AdviceGroup) int {
		return cmp.Or(byProxy(a.Proxy, b.Proxy), cmp.Compare(len(a.Upon), len(b.Upon)), cmp.Compare(len(a.Beside), 0)-cmp.Compare(len(b.Beside), 0), cmp.Compare(a.Cause, b.Cause))
	})
	var out []hopTried
	for _, g := range groups {
		if n := len(out); n == 0 || out[n-1].proxy != g.Proxy {
			out = append(out, hopTried{proxy: g.Proxy})
		}
		last := &out[len(out)-1]
		last.tried = append(last.tried, newTried(g))
	}
	return out
}

func newTried(g measure.AdviceGroup) tried {
	t := tried{Cause: clean(g.Cause), Where: clean(g.Where), Beside: g.Beside != "", Upon: clean(strings.Join(g.Upon, ", "))}
	for _, line := range g.Change() {
		t.Lines = append(t.Lines, clean(line))
	}
	t.mark, t.Outcome = outcomeOf(g.All)
	t.Cells = byText(g.All, func(a measure.AdviceRecord) string {
		if a.Mended == "" {
			return ""
		}
		s := becomes(a)
		if !a.Proven && a.Reason != "" {
			s += " (" + clean(a.Reason) + ")"
		}
		return s
	})
	t.Alternatives = byText(g.All, func(a measure.AdviceRecord) string {
		if a.Instead == "" {
			return ""
		}
		if len(a.InsteadLines) > 0 {
			return clean(a.Instead) + ", with " + clean(strings.Join(a.InsteadLines, " "))
		}
		return clean(a.Instead)
	})
	return t
}

// outcomeOf says in a few words what became of the advice in some cells.
func outcomeOf(all []measure.AdviceRecord) (mark, string) {
	proven := 0
	var reasons []string
	ran := false
	for _, a := range all {
		if a.Proven {
			proven++
			continue
		}
		ran = ran || a.Mended != ""
		if s := clean(a.Reason); s != "" && !slices.Contains(reasons, s) {
			reasons = append(reasons, s)
		}
	}
	why := ""
	if len(reasons) > 0 {
		why = ": " + strings.Join(reasons, "; ")
	}
	switch {
	case proven == len(all) && proven == 1:
		return markOf(measure.Works), "proven"
	case proven == len(all):
		return markOf(measure.Works), fmt.Sprintf("proven in %d of %d cells", proven, len(all))
	case proven > 0:
		return markOf(measure.Degraded), fmt.Sprintf("proven in %d of %d cells, not in the others%s", proven, len(all), why)
	case ran:
		return markOf(measure.Broken), "not proven" + why
	}
	return markOf(measure.Untested), "not proven, for nothing could be tried" + why
}

// becomes is a cell before and after.
func becomes(a measure.AdviceRecord) string {
	after := clean(string(a.After))
	if a.AfterCause != "" {
		after += " (" + clean(a.AfterCause) + ")"
	}
	if after == "" {
		after = "not measured"
	}
	return clean(string(a.Before)) + " → " + after
}

// byText says each text once, behind the techniques it is of.
func byText(all []measure.AdviceRecord, text func(measure.AdviceRecord) string) []string {
	of := map[string][]string{}
	var order []string
	for _, a := range all {
		s := text(a)
		if s == "" {
			continue
		}
		if of[s] == nil {
			order = append(order, s)
		}
		if name := clean(a.Technique); !slices.Contains(of[s], name) {
			of[s] = append(of[s], name)
		}
	}
	out := make([]string, len(order))
	for i, s := range order {
		out[i] = strings.Join(of[s], ", ") + ": " + s
	}
	return out
}

// adviceTriedFor are the records about the causes of cells as those have them.
func (r *result) adviceTriedFor(cells []*cell) []measure.AdviceRecord {
	var out []measure.AdviceRecord
	for _, a := range r.advice {
		if len(a.Upon) == 0 && a.Beside == "" && slices.ContainsFunc(cells, func(c *cell) bool { return c.Labels == a.Labels && c.Cause == a.Cause }) {
			out = append(out, a)
		}
	}
	return out
}

// verdictOnAdvice says of the advice for cells, which is for the same program,
// whether it was proven; "" where no program could be tried at all.
func (r *result) verdictOnAdvice(cells []*cell) (mark, string) {
	if all := r.adviceTriedFor(cells); len(all) > 0 {
		m, s := outcomeOf(all)
		if left := len(cells) - len(all); left > 0 {
			s += fmt.Sprintf("; not tried in %d", left)
		}
		return m, s
	}
	for _, c := range cells {
		if strings.HasPrefix(c.Proxy, "real:") && !strings.Contains(c.Proxy, "+") {
			return markOf(measure.Untested), "not proven, for this run did not try it (run --prove does)"
		}
	}
	return mark{}, ""
}

// proven says in brackets what became of one text of a finding's advice in this
// run; "" of a run that tried none.
func (r *result) proven(f finding, advice string) string {
	if len(r.advice) == 0 {
		return ""
	}
	cells := slices.DeleteFunc(f.cells(), func(c *cell) bool { return adviceOf(c) != advice })
	if _, s := r.verdictOnAdvice(cells); s != "" {
		return " (" + s + ")"
	}
	return ""
}

// tried writes what became of advice.
func (p *page) tried(r *result) {
	hops := r.adviceTried()
	if len(hops) == 0 {
		return
	}
	p.heading("Advice, tried")
	for _, h := range hops {
		p.wrap("", clean(h.proxy)+":")
		for _, t := range h.tried {
			p.wrap("  "+t.Symbol+" ", t.title()+": "+t.Outcome)
			for i, line := range t.Lines {
				if i == 0 && t.Where != "" {
					line = t.Where + ": " + line
				}
				p.wrap("      ", line)
			}
			for _, s := range t.Cells {
				p.wrap("    ", s)
			}
			for _, s := range t.Alternatives {
				p.wrap("    ", "instead, as measured, for "+s)
			}
		}
	}
}

// Note says when the cause shows, where it is not that of whole cells.
func (t tried) Note() string {
	switch {
	case t.Upon != "":
		return "once " + t.Upon + " is mended"
	case t.Beside:
		return "of some checks, behind the causes of their cells"
	}
	return ""
}

// title is the cause, and when it shows.
func (t tried) title() string {
	if s := t.Note(); s != "" {
		return t.Cause + " (" + s + ")"
	}
	return t.Cause
}

// tried writes what became of advice as a table, the whole of which may be
// too much for a comment.
func (m *markdown) tried() {
	hops := m.r.adviceTried()
	if len(hops) == 0 {
		return
	}
	m.line("<details><summary>Advice, tried on copies of the configurations</summary>")
	m.line("")
	m.line("| through | cause | lines | outcome | before and after | instead, as measured |")
	m.line("|---|---|---|---|---|---|")
	rows := 0
	for _, h := range hops {
		for _, t := range h.tried {
			if rows++; rows > maxTried || m.Len() > maxLength {
				continue
			}
			lines := ""
			if len(t.Lines) > 0 {
				lines = cellCode(short(strings.Join(t.Lines, " "), 300))
			}
			m.line("| %s | %s | %s | %s %s | %s | %s |", cellCode(short(clean(h.proxy), 60)), cellCode(short(t.title(), 120)), lines,
				t.Symbol, cellCode(short(t.Outcome, 200)), cellCode(short(strings.Join(t.Cells, "; "), 300)), cellCode(short(strings.Join(t.Alternatives, "; "), 200)))
		}
	}
	m.line("")
	if rows > maxTried || m.Len() > maxLength {
		m.line("More in the full report.")
		m.line("")
	}
	m.line("</details>")
	m.line("")
}

// maxTried are the rows of that table.
const maxTried = 40
