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
	CSS        template.CSS
	JS         template.JS
	Policy     string
	Title      string
	Scope      string
	When       string
	Tally      []tallyItem
	Caveats    []string
	Legend     []legendItem
	Tables     []table
	Switches   []selector
	Techniques []techniqueView
	Causes     []causeView
	Reasons    []reasonView
	Hops       []hop
	Fallbacks  []fallbackView
	Tried      []hopTriedView
	Crowds     []figure // exchanges over the time of each run
	Loads      []loadView
	Claims     []claimView
	ClaimTally string
	Gates      []gateView
	Runs       []runView
	Prompt     string // a message is prompt up to here,
	Factor     int    // or this many times the control's p99,
	Late       string // and broken beyond this
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

type reasonView struct {
	mark
	Reason string
	Links  []link
}

type loadView struct {
	Technique, Proxy, Subscribers, LimitedBy, Text string
}

// hopTriedView is what became of the advice for one proxy.
type hopTriedView struct {
	Proxy, Anchor string
	Tried         []tried
}

// fallbackView is what a client ended up with that may choose.
type fallbackView struct{ Client, Proxy, Transport, Opened, First, Story string }

type runView struct {
	Facts    []fact
	Warnings []string
}

func anchorOf(c *cell) string { return "c" + c.Labels.ID() }

// newView builds the page; render makes the cells of it.
func newView(r *result, render func(cellView) (detailView, error)) (*view, error) {
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
	anchors := map[string]string{}
	for i, proxy := range r.proxies {
		anchors[proxy] = fmt.Sprintf("p%d", i+1)
	}
	for i, g := range r.groups {
		v.Tables = append(v.Tables, newTable(r, g, fmt.Sprintf("m%d", i+1), anchors))
	}
	v.Switches = switches(v.Tables)
	for _, f := range r.findings() {
		v.Causes = append(v.Causes, newCause(r, f))
	}
	for _, s := range r.setbacks() {
		v.Reasons = append(v.Reasons, reasonView{markOf(s.verdict), s.reason, links(s.cells, true)})
	}
	details, err := newDetails(r, drawingBudget, detailBudget, render)
	if err != nil {
		return nil, err
	}
	for _, c := range r.choices() {
		v.Hops = append(v.Hops, newHop(r, c, anchors[c.proxy], details))
	}
	v.Techniques = newTechniques(r, details)
	for _, f := range r.fallbacks() {
		v.Fallbacks = append(v.Fallbacks, fallbackView{clean(f.client), clean(f.proxy), f.transport, f.opened, f.first, clean(f.story)})
	}
	for _, h := range r.adviceTried() {
		v.Tried = append(v.Tried, hopTriedView{clean(h.proxy), anchors[h.proxy], h.tried})
	}
	for _, l := range r.loads() {
		v.Loads = append(v.Loads, loadView{clean(l.Technique), clean(l.Proxy), number(float64(l.Subscribers)), clean(l.LimitedBy), joined(l.Values)})
	}
	if v.Claims = newClaims(r); len(v.Claims) > 0 {
		v.ClaimTally = claimTally(r.claims())
	}
	v.Gates = newGates(r)
	for i, run := range r.runs {
		rv := runView{Facts: facts(run)}
		for _, w := range run.Warnings {
			rv.Warnings = append(rv.Warnings, clean(w))
		}
		v.Runs = append(v.Runs, rv)
		if f, ok := newCrowd(run, fmt.Sprintf("crowd%d", i+1)); ok {
			v.Crowds = append(v.Crowds, f)
		}
	}
	return v, nil
}

// newCrowd draws how many exchanges were under way over the time of a run.
func newCrowd(run *measure.Run, id string) (figure, bool) {
	steps, total := crowd(run.Checks)
	if len(steps) == 0 {
		return figure{}, false
	}
	words := fmt.Sprintf("At most %s at once, over %s.", count(highest(steps), "exchange"), span(total/1000))
	title := "Run " + short(clean(run.Record.ID), 60)
	return figure{Title: title, Words: words, Drawing: template.HTML(countSVG(id, "Exchanges under way over the time of "+title, words, steps, total))}, true
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
