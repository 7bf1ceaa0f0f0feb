package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Limits of a summary that has to fit into a comment (GitHub's is 65,536
// characters).
const (
	maxCauses = 12     // causes told in full
	maxPlaces = 6      // proxies named for a cause
	maxNamed  = 10     // techniques named at a place
	maxTables = 6      // tables of the matrix
	maxMatrix = 24     // proxies in a table
	maxNotes  = 8      // reasons why cells have no verdict
	maxLength = 40_000 // bytes after which no further table begins
)

// Markdown writes a summary short enough for a pull-request comment, worst
// first. Every text of the run is a code span, so that it can neither mark
// up, nor link, nor mention anybody.
func Markdown(w io.Writer, runs []*measure.Run) error {
	r := merge(runs)
	m := &markdown{r: r}
	m.line("## %s %s", m.symbol(), r.headline())
	m.line("")
	if len(r.cells) > 0 {
		m.line("%s. %s.", r.scope(), r.tally())
		m.line("")
	}
	for _, s := range r.caveats() {
		m.line("> **Note:** %s", plain(s))
		m.line("")
	}
	m.gates()
	m.findings()
	m.setbacks()
	m.matrix()
	m.choices()
	m.tried()
	m.fallbacks()
	m.loads()
	m.claims()
	m.origin()
	if _, err := io.WriteString(w, strings.TrimRight(m.String(), "\n")+"\n"); err != nil {
		return fmt.Errorf("write markdown report: %w", err)
	}
	return nil
}

type markdown struct {
	strings.Builder
	r *result
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// symbol is that of the worst verdict of all.
func (m *markdown) symbol() string {
	n := m.r.counts()
	for _, v := range []measure.Verdict{measure.Broken, measure.HarnessFailed, measure.SetupFailed, measure.Degraded, measure.Works} {
		if n[v] > 0 {
			return markOf(v).Symbol
		}
	}
	return markOf(measure.Untested).Symbol
}

func (m *markdown) findings() {
	findings := m.r.findings()
	for i, f := range findings {
		if i == maxCauses {
			m.line("- … and %s in the full report", count(len(findings)-i, "further cause"))
			break
		}
		m.line("- **%s %s**: %s. %s", markOf(worstOf(f)).Symbol, causeName(f), tallyOf(f), f.means())
		places := m.r.places(f.cells())
		for j, p := range places {
			if j == maxPlaces {
				m.line("  - … and through %s", plural(len(places)-j, "further proxy", "further proxies"))
				break
			}
			m.line("  - %s: %s", code(short(p.proxy, 120)), some(p.techniques))
		}
		for _, a := range f.advice() {
			proven := ""
			if s := m.r.proven(f, a); s != "" {
				proven = " " + code(short(strings.TrimSpace(s), 240))
			}
			m.line("  - → %s%s", adviceText(f.cause, a), proven)
		}
	}
	if len(findings) > 0 {
		m.line("")
	}
}

// some names the first few.
func some(names []string) string {
	if left := len(names) - maxNamed; left > 1 {
		return codes(names[:maxNamed]) + fmt.Sprintf(" and %d more", left)
	}
	return codes(names)
}

// causeName is plain for a cause of the table; any other text is a code span.
func causeName(f finding) string {
	if _, ok := measure.CauseByID(f.cause); ok || f.cause == "" {
		return f.title()
	}
	return code(short(f.title(), 60))
}

func adviceText(cause, advice string) string {
	if known, _ := measure.CauseByID(cause); known.Advice == advice {
		return plain(advice)
	}
	return code(short(advice, 400))
}

func (m *markdown) setbacks() {
	setbacks := m.r.setbacks()
	for i, s := range setbacks {
		if i == maxNotes {
			m.line("- … and %s without a verdict for other reasons", count(len(setbacks)-i, "group"))
			break
		}
		m.line("- %s, %s: %s", markOf(s.verdict), count(len(s.cells), "cell"), code(short(s.reason, 200)))
	}
	if len(setbacks) > 0 {
		m.line("")
	}
}

func (m *markdown) matrix() {
	for i, g := range m.r.groups {
		if i == maxTables || m.Len() > maxLength {
			m.line("… and %s in the full report", count(len(m.r.groups)-i, "further table"))
			m.line("")
			return
		}
		proxies, left := m.worst(g)
		techniques := m.r.techniquesIn(g)
		open := map[bool]string{true: " open"}[len(m.r.groups) == 1]
		m.line("<details%s><summary>Matrix: client %s</summary>", open, htmlCode(g.title()))
		m.line("")
		head, rule := "| through |", "|---|"
		for _, t := range techniques {
			head, rule = head+" "+cellCode(short(clean(t), 60))+" |", rule+"---|"
		}
		m.line("%s\n%s", head, rule)
		for _, p := range proxies {
			row := "| " + cellCode(short(clean(p), 60)) + " |"
			for _, t := range techniques {
				row += " " + m.box(m.r.at(t, p, g)) + " |"
			}
			m.line("%s", row)
		}
		m.line("")
		if left > 0 {
			m.line("%s in the full report.", plural(left, "further proxy", "further proxies"))
			m.line("")
		}
		m.line("</details>")
		m.line("")
	}
}

// worst are the proxies of a group that its table has room for, those with
// the worst cells when there are too many, in the usual order.
func (m *markdown) worst(g group) (proxies []string, left int) {
	all := m.r.proxiesIn(g)
	if len(all) <= maxMatrix {
		return all, 0
	}
	bad := func(proxy string) (n int) {
		for _, t := range m.r.techniques {
			if c := m.r.at(t, proxy, g); c != nil {
				n += map[measure.Verdict]int{measure.Broken: 1000, measure.Degraded: 1}[c.Verdict]
			}
		}
		return n
	}
	kept := slices.SortedStableFunc(slices.Values(all), func(a, b string) int { return cmp.Compare(bad(b), bad(a)) })[:maxMatrix]
	return slices.DeleteFunc(all, func(p string) bool { return !slices.Contains(kept, p) }), len(all) - maxMatrix
}

func (m *markdown) box(c *cell) string {
	if c == nil {
		return ""
	}
	mark := markOf(c.Verdict)
	s := mark.Symbol + " " + mark.Brief
	if c.Cause != "" {
		s += "<br>" + inCell(causeName(finding{cause: c.Cause}))
	}
	if c.Wavers {
		s += "<br>± wavers"
	}
	return s
}

func (m *markdown) choices() {
	choices := m.r.choices()
	if len(choices) == 0 {
		return
	}
	m.line("| through | use | then |")
	m.line("|---|---|---|")
	for i, c := range choices {
		if i == maxMatrix {
			m.line("| … | %s in the full report | |", plural(len(choices)-i, "further proxy", "further proxies"))
			break
		}
		order, _ := c.use()
		use, then := "nothing that works", ""
		if len(order) > 0 {
			use, then = code(names(order)[0]), codes(names(order)[1:])
		}
		for _, o := range c.partly {
			then += fmt.Sprintf("; %s with %s only", code(clean(o.technique)), codes(titles(o.works)))
		}
		m.line("| %s | %s | %s |", cellCode(short(clean(c.proxy), 60)), inCell(use), inCell(strings.TrimPrefix(then, "; ")))
	}
	m.line("")
}

func (m *markdown) loads() {
	loads := m.r.loads()
	if len(loads) == 0 {
		return
	}
	m.line("| load | through | subscribers | result |")
	m.line("|---|---|---|---|")
	for i, l := range loads {
		if i == 2*maxMatrix {
			m.line("| … | | | %s in the full report |", count(len(loads)-i, "further step"))
			break
		}
		m.line("| %s | %s | %s | %s |", cellCode(clean(l.Technique)), cellCode(clean(l.Proxy)), number(float64(l.Subscribers)), cellCode(short(loadLine(l), 200)))
	}
	m.line("")
}

// origin says in one small line where the numbers come from.
func (m *markdown) origin() {
	for i, run := range m.r.runs {
		if i == maxNotes {
			m.line("<sub>… and %s</sub>", count(len(m.r.runs)-i, "further run"))
			break
		}
		rec := run.Record
		m.line("<sub>Run %s, %s, %s, seed %d, noise floor %s.</sub>", code(short(clean(rec.ID), 60)), stamp(rec.Started),
			code(short(machine(rec.Host), 120)), rec.Seed, code(short(noise(rec.NoiseFloor), 200)))
		m.line("")
	}
}
