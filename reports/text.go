package reports

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// TextOptions fit the text report to a terminal. The zero value is what Text
// uses.
type TextOptions struct {
	Width int  // columns; 0 is 80, less than 40 is 40
	Color bool // ANSI colours on verdicts, besides symbol and word
}

// Text writes the report for a terminal of 80 columns, without colour.
func Text(w io.Writer, runs []*measure.Run) error { return TextOptions{}.Write(w, runs) }

// Write is Text with options.
func (o TextOptions) Write(w io.Writer, runs []*measure.Run) error {
	if o.Width == 0 {
		o.Width = 80
	}
	o.Width = max(o.Width, 40)
	p := &page{width: o.Width, color: o.Color}
	r := merge(runs)
	p.wrap("", r.headline()+".")
	if len(r.cells) > 0 {
		p.wrap("", r.scope()+". "+r.tally()+".")
	}
	for _, run := range runs {
		p.wrap("", fmt.Sprintf("Run %s, %s, %s.", clean(run.Record.ID), stamp(run.Record.Started), machine(run.Record.Host)))
	}
	for _, s := range r.caveats() {
		p.wrap("! ", s)
	}
	for _, g := range r.groups {
		p.heading("Client " + g.title())
		p.table(r, g)
	}
	p.findings(r)
	p.tried(r)
	p.setbacks(r)
	p.wavering(r)
	p.choices(r)
	p.fallbacks(r)
	p.hearsay(r)
	p.loads(r.loads())
	p.claims(r)
	p.gates(r)
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write text report: %w", err)
	}
	return nil
}

// page collects lines of at most width columns.
type page struct {
	strings.Builder
	width int
	color bool
}

func (p *page) heading(s string) { p.WriteString("\n"); p.wrap("", s); p.WriteString("\n") }

// wrap writes text folded at the page's width, each line behind the indent of
// the first, which is written as it is.
func (p *page) wrap(lead, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	line := lead
	n := utf8.RuneCountInString(lead)
	empty := true
	for _, word := range strings.Fields(text) {
		for _, piece := range chop(word, max(8, p.width-len(indent))) {
			k := utf8.RuneCountInString(piece)
			if !empty && n+1+k > p.width {
				p.WriteString(line + "\n")
				line, n, empty = indent, len(indent), true
			}
			if !empty {
				line, n = line+" ", n+1
			}
			line, n, empty = line+piece, n+k, false
		}
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

// chop cuts a word that is longer than a line.
func chop(word string, n int) []string {
	r := []rune(word)
	var out []string
	for len(r) > n {
		out, r = append(out, string(r[:n])), r[n:]
	}
	return append(out, string(r))
}

func (p *page) findings(r *result) {
	findings := r.findings()
	if len(findings) == 0 {
		return
	}
	p.heading("Why, worst first")
	for _, f := range findings {
		p.wrap(markOf(worstOf(f)).Symbol+" ", fmt.Sprintf("%s: %s", f.title(), tallyOf(f)))
		if s := f.means(); s != "" {
			p.wrap("    ", s)
		}
		for _, place := range r.places(f.cells()) {
			p.wrap("    ", place.proxy+": "+strings.Join(place.techniques, ", "))
		}
		for _, a := range f.advice() {
			p.wrap("    → ", a+r.proven(f, a))
		}
	}
}

func worstOf(f finding) measure.Verdict {
	if len(f.broken) > 0 {
		return measure.Broken
	}
	return measure.Degraded
}

func tallyOf(f finding) string {
	var parts []string
	if n := len(f.broken); n > 0 {
		parts = append(parts, fmt.Sprintf("%d broken", n))
	}
	if n := len(f.degraded); n > 0 {
		parts = append(parts, fmt.Sprintf("%d degraded", n))
	}
	return strings.Join(parts, ", ")
}

func (p *page) setbacks(r *result) {
	setbacks := r.setbacks()
	if len(setbacks) == 0 {
		return
	}
	p.heading("No verdict")
	for _, s := range setbacks {
		p.wrap(markOf(s.verdict).Symbol+" ", fmt.Sprintf("%s, %s: %s", markOf(s.verdict).Word, count(len(s.cells), "cell"), s.reason))
	}
}

// wavering lists the cells that did not come out the same each time.
func (p *page) wavering(r *result) {
	if r.wavering() == 0 {
		return
	}
	p.heading("Wavering (±)")
	for _, c := range r.cells {
		if c.Wavers {
			p.wrap("± ", clean(c.Labels.String())+" "+c.waver())
		}
	}
}

// hearsay says what the simulations rest on that nobody has seen.
func (p *page) hearsay(r *result) {
	rumoured := r.rumoured()
	if len(rumoured) == 0 {
		return
	}
	p.heading("Hearsay")
	for _, f := range rumoured {
		p.wrap("  ", f.Name+": "+f.Text)
	}
}

func (p *page) choices(r *result) {
	if len(r.cells) == 0 {
		return
	}
	p.heading("What to use")
	for _, c := range r.choices() {
		p.wrap("  ", clean(c.proxy)+": "+c.sentence())
	}
}

// sentence says what to use through a proxy.
func (c choice) sentence() string {
	order, _ := c.use()
	var s string
	switch {
	case len(order) == 0 && len(c.broken)+len(c.partly) == 0:
		return "no technique has a verdict."
	case len(order) == 0 && len(c.broken) == 1 && c.broken[0].technique == measure.AppTechnique:
		s = "your application does not get through."
	case len(order) == 0:
		s = "nothing works with every client that was tried."
	default:
		s = strings.Join(names(order), ", then ") + "."
	}
	for _, o := range c.partly {
		s += fmt.Sprintf(" %s works with %s only.", clean(o.technique), and(titles(o.works)))
	}
	return s
}

func (p *page) loads(loads []measure.LoadRecord) {
	if len(loads) == 0 {
		return
	}
	p.heading("Load")
	for _, l := range loads {
		p.wrap("  ", fmt.Sprintf("%s via %s, %s: %s", clean(l.Technique), clean(l.Proxy), count(l.Subscribers, "subscriber"), loadLine(l)))
	}
}

// loadLine is what a load step says first.
func loadLine(l measure.LoadRecord) string {
	var parts []string
	for _, name := range []string{"delivery_p50_ms", "delivery_p99_ms", "delivery_max_ms", "expected", "received", "lost"} {
		if v, ok := l.Values[name]; ok {
			parts = append(parts, value(name, v))
		}
	}
	if l.LimitedBy != "" {
		parts = append(parts, "limited by "+clean(l.LimitedBy))
	}
	return strings.Join(parts, ", ")
}
