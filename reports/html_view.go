package reports

import (
	"fmt"
	"html"
	"html/template"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// view is what the page's templates see. Its strings are clean, not escaped.
type view struct {
	CSS     template.CSS
	JS      template.JS
	Policy  string
	Title   string
	Scope   string
	When    string
	Tally   []tallyItem
	Caveats []string
	Legend  []legendItem
	Tables  []table
	Choices []choiceView
	Causes  []causeView
	Reasons []reasonView
	Hops    []hop
	Loads   []loadView
	Gates   []gateView
	Runs    []runView
	Prompt  string // a message is prompt up to here,
	Factor  int    // or this many times the control's p99,
	Late    string // and broken beyond this
}

type tallyItem struct {
	mark
	N int
}

type legendItem struct {
	mark
	Means string
}

type link struct{ Anchor, Text string }

// table is the matrix of one group.
type table struct {
	ID, Title string
	Proxies   []string
	Rows      []row
}

type row struct {
	Technique string
	Boxes     []box
}

// box is one cell of the matrix; an empty one was not measured.
type box struct {
	Anchor string
	mark
	Cause  string
	Wavers bool
}

type choiceView struct {
	Proxy, Anchor string
	Order         []optionView
	Rest          []optionView
	Partly        []optionView
	Broken        []optionView
	Causes        []causeView
	None          bool // no technique has a verdict
}

type optionView struct {
	Name  string
	Note  string
	Links []link // the cells that say so
}

type causeView struct {
	Anchor, ID, Means string
	Symbol, Tally     string
	Advice            []string
	Places            []placeView
}

type placeView struct {
	Proxy string
	Links []link
}

type reasonView struct {
	mark
	Reason string
	Links  []link
}

// hop is one proxy with its cells.
type hop struct {
	Name, Anchor string
	Cells        []cellView
}

type loadView struct {
	Technique, Proxy, Subscribers, LimitedBy, Text string
}

type runView struct {
	Facts    []fact
	Warnings []string
}

func anchorOf(c *cell) string { return "c" + c.Labels.ID() }

// newView builds the page.
func newView(r *result) *view {
	v := &view{
		Title: r.headline(), Caveats: r.caveats(),
		Prompt: limit(r.thresholds().Prompt), Late: limit(r.thresholds().Late), Factor: measure.ControlFactor,
	}
	if len(r.cells) > 0 {
		v.Scope = r.scope() + "."
	}
	v.When = circumstances(r)
	counts := r.counts()
	for _, verdict := range verdictOrder {
		if counts[verdict] > 0 {
			v.Tally = append(v.Tally, tallyItem{markOf(verdict), counts[verdict]})
			v.Legend = append(v.Legend, legendItem{markOf(verdict), verdictMeans(verdict)})
		}
	}
	for i, g := range r.groups {
		v.Tables = append(v.Tables, newTable(r, g, fmt.Sprintf("m%d", i+1)))
	}
	proxyAnchors := map[string]string{}
	for i, proxy := range r.proxies {
		proxyAnchors[proxy] = fmt.Sprintf("p%d", i+1)
	}
	for _, c := range r.choices() {
		v.Choices = append(v.Choices, newChoice(r, c, proxyAnchors[c.proxy]))
	}
	for _, f := range r.findings() {
		v.Causes = append(v.Causes, newCause(r, f))
	}
	for _, s := range r.setbacks() {
		v.Reasons = append(v.Reasons, reasonView{markOf(s.verdict), s.reason, links(s.cells, true)})
	}
	details := newDetails(r, drawingBudget)
	for _, proxy := range r.proxies {
		h := hop{Name: clean(proxy), Anchor: proxyAnchors[proxy]}
		for _, c := range r.cells {
			if c.Proxy == proxy {
				h.Cells = append(h.Cells, details.cell(c))
			}
		}
		v.Hops = append(v.Hops, h)
	}
	for _, l := range r.loads() {
		v.Loads = append(v.Loads, loadView{clean(l.Technique), clean(l.Proxy), number(float64(l.Subscribers)), clean(l.LimitedBy), joined(l.Values)})
	}
	v.Gates = newGates(r)
	for _, run := range r.runs {
		rv := runView{Facts: facts(run)}
		for _, w := range run.Warnings {
			rv.Warnings = append(rv.Warnings, clean(w))
		}
		v.Runs = append(v.Runs, rv)
	}
	return v
}

// thresholds are those of the runs, the usual ones where they differ.
func (r *result) thresholds() measure.Thresholds {
	usual := measure.Thresholds{}.OrUsual()
	for i, run := range r.runs {
		if i > 0 && run.Record.Thresholds() != r.runs[0].Record.Thresholds() {
			return usual
		}
	}
	if len(r.runs) == 0 {
		return usual
	}
	return r.runs[0].Record.Thresholds()
}

// limit writes a threshold: 250 ms, 2 s.
func limit(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%d ms", d/time.Millisecond)
}

// circumstances says in a sentence or two when and where the runs were made.
func circumstances(r *result) string {
	var out []string
	for i, run := range r.runs {
		if i == 3 {
			out = append(out, fmt.Sprintf("%s: see About.", count(len(r.runs)-i, "further run")))
			break
		}
		rec := run.Record
		s := "Measured on " + stamp(rec.Started)
		if run.End != nil {
			s += " in " + took(run.End.Finished.Sub(rec.Started))
		}
		s += fmt.Sprintf(", on %s; seed %d; noise floor %s.", machine(rec.Host), rec.Seed, noise(rec.NoiseFloor))
		if rec.TimeScale != 0 && rec.TimeScale != 1 {
			s += " Time scale: " + timeScale(rec.TimeScale) + "."
		}
		if run.Complete() {
			s += " The run is complete."
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func newTable(r *result, g group, id string) table {
	t := table{ID: id, Title: g.title()}
	proxies := r.proxiesIn(g)
	for _, p := range proxies {
		t.Proxies = append(t.Proxies, short(clean(p), 160))
	}
	for _, technique := range r.techniquesIn(g) {
		line := row{Technique: short(clean(technique), 60)}
		for _, p := range proxies {
			b := box{}
			if c := r.at(technique, p, g); c != nil {
				b = box{Anchor: anchorOf(c), mark: markOf(c.Verdict), Cause: clean(c.Cause), Wavers: c.Wavers}
			}
			line.Boxes = append(line.Boxes, b)
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// links points at cells. The text names the group, with the technique and
// proxy in front when full.
func links(cells []*cell, full bool) []link {
	out := make([]link, len(cells))
	for i, c := range cells {
		text := groupOf(c.Labels).title()
		if full {
			text = clean(c.Technique) + " via " + clean(c.Proxy) + " (" + text + ")"
		}
		out[i] = link{anchorOf(c), text}
	}
	return out
}

func newChoice(r *result, c choice, anchor string) choiceView {
	v := choiceView{Proxy: clean(c.proxy), Anchor: anchor}
	order, rest := c.use()
	for _, o := range order {
		v.Order = append(v.Order, newOption(o))
	}
	for _, o := range rest {
		v.Rest = append(v.Rest, newOption(o))
	}
	for _, o := range c.partly {
		p := newOption(o)
		p.Note = "works with " + and(titles(o.works)) + " only"
		v.Partly = append(v.Partly, p)
	}
	for _, o := range c.broken {
		v.Broken = append(v.Broken, optionView{Name: clean(o.technique), Links: links(o.cells, false)})
	}
	for _, f := range c.findings {
		v.Causes = append(v.Causes, newCause(r, f))
	}
	v.None = len(order) == 0 && len(c.partly)+len(c.broken) == 0
	return v
}

func newOption(o option) optionView {
	return optionView{Name: o.name(), Note: o.note(), Links: links(o.cells, false)}
}

func newCause(r *result, f finding) causeView {
	v := causeView{Anchor: causeAnchor(f.cause), ID: f.title(), Means: f.means(), Symbol: markOf(worstOf(f)).Symbol, Tally: tallyOf(f), Advice: f.advice()}
	for _, proxy := range r.proxies {
		p := placeView{Proxy: clean(proxy)}
		for _, c := range f.cells() {
			if c.Proxy == proxy {
				text := clean(c.Technique) + r.suffix(c)
				if c.FirstAt != "" {
					text += ": " + clean(c.Reason)
				}
				p.Links = append(p.Links, link{anchorOf(c), text})
			}
		}
		if len(p.Links) > 0 {
			v.Places = append(v.Places, p)
		}
	}
	return v
}

// suffix names a cell's group where there are several.
func (r *result) suffix(c *cell) string {
	if len(r.groups) < 2 {
		return ""
	}
	return " (" + groupOf(c.Labels).title() + ")"
}

// causeAnchor is "" for causes that have no row in the table.
func causeAnchor(id string) string {
	if _, ok := measure.CauseByID(id); !ok {
		return ""
	}
	return "cause-" + id
}

// joined is all values of a record in one line.
func joined(m map[string]float64) string { return strings.Join(values(m), " · ") }

// breakable escapes a name and lets it break behind punctuation.
func breakable(s string) template.HTML {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(html.EscapeString(string(r)))
		if strings.ContainsRune(":/(&,+)=-@_.;?", r) {
			b.WriteString("<wbr>")
		}
	}
	return template.HTML(b.String())
}
