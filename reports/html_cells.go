package reports

import (
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// What a page may hold, in bytes. A page of 5,000 cells stays below 5 MB: each
// cell is listed, the most telling ones are shown whole.
const (
	drawingBudget = 1_200_000
	detailBudget  = 2_200_000 // drawings included
)

// detailView is a cell that is shown whole.
type detailView = template.HTML

// details makes the cells of the page.
type details struct {
	r        *result
	render   func(cellView) (detailView, error)
	drawn    int // bytes of drawings so far
	shown    int // bytes of cells so far
	drawings map[*cell]drawings
	leftOut  map[*cell]bool   // had a timeline, and there was no room
	further  map[*cell]int    // trials that are not drawn
	failed   map[*cell]string // has a timeline that cannot be read
	example  map[string]*cell // a drawn working cell per technique
	controls map[*cell][]chart
	pages    map[*cell]detailView
}

// drawings are the pictures of one cell.
type drawings struct {
	figures []figure
	delays  figure // of the trial that its cause is about
	wire    excerpt
}

// figure is one drawn trial and the checks that judged it as less than fine.
type figure struct {
	Title, Words string
	Judged       []checkView
	Drawing      template.HTML
	Connections  *figure // when there was more than one
}

func (f figure) bytes() int {
	n := len(f.Drawing) + len(f.Words)
	if f.Connections != nil {
		n += f.Connections.bytes()
	}
	return n
}

// cellView is one cell, opened.
type cellView struct {
	Anchor, Technique, Proxy, Group string
	mark
	Cause, CauseAnchor, Means string
	Advice                    *adviceView
	Reason                    string
	Axes                      []axisView
	Checks                    []checkView
	Figures                   []figure
	Delays                    figure
	Wire                      excerpt
	NoFigures                 string
	Example                   *link
	Notes                     []string
	Command                   string
}

type axisView struct {
	Name string
	mark
}

type checkView struct {
	ID, Kind string
	mark
	Want, Got          string
	Cause, CauseAnchor string
	Advice             string
	Values             string
}

// newDetails draws and renders cells, the most telling first, until the
// budgets are used up.
func newDetails(r *result, drawing, detail int, render func(cellView) (detailView, error)) (*details, error) {
	d := &details{r: r, render: render, drawings: map[*cell]drawings{}, leftOut: map[*cell]bool{}, further: map[*cell]int{}, failed: map[*cell]string{},
		example: map[string]*cell{}, controls: map[*cell][]chart{}, pages: map[*cell]detailView{}}
	order := r.telling()
	for _, c := range order {
		if drawable(c.Verdict) && (c.Verdict != measure.Works || d.example[c.Technique] == nil) {
			d.draw(c, drawing)
		}
	}
	for _, c := range order {
		page, err := render(d.cell(c))
		if err != nil {
			return nil, err
		}
		if d.shown+len(page) > detail {
			break // the rest is listed; what could still be squeezed in is not worth rendering all of it
		}
		d.shown += len(page)
		d.pages[c] = page
	}
	return d, nil
}

func drawable(v measure.Verdict) bool {
	return v.Counts() || v == measure.HarnessFailed || v == measure.SetupFailed
}

// telling orders the cells by how much each shows: a working example of each
// technique and the first of each cause at a proxy, then all that are not
// fine, then the rest.
func (r *result) telling() []*cell {
	type first struct{ what, where string }
	seen := map[first]bool{}
	rank := func(c *cell) int {
		key := first{c.Cause, c.Proxy}
		if c.Verdict == measure.Works {
			key = first{c.Technique, ""}
		}
		isFirst := !seen[key]
		seen[key] = true
		switch {
		case isFirst && drawable(c.Verdict):
			return 0
		case c.Verdict == measure.Broken:
			return 1
		case c.Verdict == measure.HarnessFailed, c.Verdict == measure.SetupFailed:
			return 2
		case c.Verdict == measure.Degraded:
			return 3
		}
		return 4
	}
	ranks := make([][]*cell, 5)
	for _, c := range r.cells {
		n := rank(c)
		ranks[n] = append(ranks[n], c)
	}
	return slices.Concat(ranks...)
}

// draw makes the pictures of a cell, when there is room.
func (d *details) draw(c *cell, budget int) {
	if d.drawn >= budget { // nothing more is read then
		d.leftOut[c] = hasTimeline(c)
		return
	}
	all := d.charts(c)
	if len(all) == 0 {
		return
	}
	if len(all) > maxTrials {
		d.further[c] = len(all) - maxTrials
		all = all[:maxTrials]
	}
	var out drawings
	bytes := 0
	for i, ch := range all {
		f := newFigure(c, ch, fmt.Sprintf("%s-%d", anchorOf(c), i))
		bytes += f.bytes()
		out.figures = append(out.figures, f)
	}
	if about := aboutTrial(c, all); about >= 0 {
		out.wire = newExcerpt(all[about])
		out.delays = d.newDelays(c, all[about])
		bytes += out.delays.bytes()
	}
	if d.drawn+bytes > budget {
		d.leftOut[c] = true
		return
	}
	d.drawn += bytes
	d.drawings[c] = out
	if c.Verdict == measure.Works {
		d.example[c.Technique] = c
	}
}

// charts reads the timeline of a cell.
func (d *details) charts(c *cell) []chart {
	events, err := measure.ReadTimeline(c.run.Dir, c.Cell)
	if err != nil {
		d.failed[c] = clean(err.Error()) // what was read before is still drawn
	}
	if len(events) == 0 {
		return nil
	}
	var clocks []measure.Clock
	for _, check := range c.checks {
		clocks = append(clocks, check.Clocks...)
	}
	return charts(events, clocks)
}

func hasTimeline(c *cell) bool {
	info, err := os.Stat(filepath.Join(c.run.Dir, measure.TimelinesDir, filepath.Base(c.Cell)+".jsonl"))
	return err == nil && info.Size() > 0
}

// newFigure draws one trial of a cell.
func newFigure(c *cell, ch chart, id string) figure {
	title := trialTitle(ch.trial)
	where := title + ", " + clean(c.Technique) + " via " + clean(c.Proxy)
	ch.limits = c.run.Record.Thresholds()
	f := figure{Title: title, Words: ch.words()}
	for _, check := range c.checks {
		if check.Trial == ch.trial && (check.Verdict == measure.Broken || check.Verdict == measure.Degraded) {
			f.Judged = append(f.Judged, checkView{ID: clean(check.Check), mark: markOf(check.Verdict)})
		}
	}
	f.Drawing = template.HTML(ch.svg(id, "Timeline of "+where))
	if conns := ch.connections(); len(conns) > 1 {
		steps := counting(conns)
		words := fmt.Sprintf("%s, at most %d at once", count(len(conns), "connection"), max(highest(steps), 1))
		f.Connections = &figure{Title: "Connections of the client", Words: words,
			Drawing: template.HTML(countSVG(id+"n", "Connections of "+where, words, steps, ch.span))}
	}
	return f
}

// aboutTrial picks the trial that a cell's verdict is about: that of the first
// check which names its cause, of the first that is not fine, or the first
// with messages. It is -1 when nothing moved.
func aboutTrial(c *cell, all []chart) int {
	find := func(trial string) int {
		return slices.IndexFunc(all, func(ch chart) bool { return trial != "" && ch.trial == trial })
	}
	for _, fits := range []func(measure.CheckRecord) bool{
		func(k measure.CheckRecord) bool { return c.Cause != "" && k.Cause == c.Cause },
		func(k measure.CheckRecord) bool { return k.Verdict == measure.Broken || k.Verdict == measure.Degraded },
	} {
		for _, k := range c.checks {
			if i := find(k.Trial); i >= 0 && fits(k) {
				return i
			}
		}
	}
	return slices.IndexFunc(all, func(ch chart) bool { return len(ch.messages) > 0 })
}

// newDelays draws how late the messages of a trial were, beside those of the
// same trial over the direct path.
func (d *details) newDelays(c *cell, ch chart) figure {
	dist := distribution{delays: ch.delays(), limits: c.run.Record.Thresholds()}
	if len(dist.delays) < leastDelays {
		return figure{}
	}
	if control := d.r.controlOf(c); control != nil && control != c {
		if _, ok := d.controls[control]; !ok {
			d.controls[control] = d.charts(control)
		}
		for _, other := range d.controls[control] {
			if other.trial == ch.trial {
				dist.control = other.delays()
			}
		}
	}
	title := trialTitle(ch.trial)
	return figure{Title: title, Words: dist.words(),
		Drawing: template.HTML(dist.svg(anchorOf(c)+"-d", "Delays of "+title+", "+clean(c.Technique)+" via "+clean(c.Proxy)))}
}

// controlOf is the same cell over the direct path, or nil.
func (r *result) controlOf(c *cell) *cell {
	l := c.Labels
	l.Proxy = "direct"
	if mode, form, _ := strings.Cut(l.Variant, "+"); mode == "forward" {
		l.Variant = form
	}
	if found := r.byLabels[l]; found != nil && found.run == c.run {
		return found
	}
	return nil
}

func trialTitle(trial string) string {
	if s := short(clean(trial), 60); s != "" {
		return s
	}
	return "the exchange"
}

// cell makes the view of one cell.
func (d *details) cell(c *cell) cellView {
	v := cellView{
		Anchor: anchorOf(c), Technique: clean(c.Technique), Proxy: clean(c.Proxy), Group: groupOf(c.Labels).title(), mark: markOf(c.Verdict),
		Cause: clean(c.Cause), CauseAnchor: causeAnchor(c.Cause), Means: meansOf(c.Cause),
		Figures: d.drawings[c].figures, Delays: d.drawings[c].delays, Wire: d.drawings[c].wire, Notes: notes(c), Command: repeatCommand(c),
	}
	if text := adviceOf(c); text != "" {
		advice := newAdvice(c.Cause, c.Proxy, text)
		advice.Proof = d.r.proof(c)
		v.Advice = &advice
	}
	if !c.Verdict.Counts() {
		v.Reason = reasonOf(c)
	}
	if c.Verdict.Counts() {
		v.Axes = []axisView{{"opening", markOf(c.Opening)}, {"delivery", markOf(c.Delivery)}, {"ending", markOf(c.Ending)}}
	}
	for _, check := range c.checks {
		v.Checks = append(v.Checks, newCheck(c, check))
	}
	if w := c.waver(); w != "" {
		v.Notes = append(v.Notes, "It "+w)
	}
	switch example := d.example[c.Technique]; {
	case len(v.Figures) > 0:
	case d.leftOut[c]:
		v.NoFigures = "Its timeline is left out to keep this page small; the run directory has it, as timelines/" + clean(c.Cell) + ".jsonl."
	case c.Verdict == measure.Works && example != nil:
		v.NoFigures = "A working cell of this technique is drawn at"
		v.Example = &link{anchorOf(example), clean(example.Technique) + " via " + clean(example.Proxy) + " (" + groupOf(example.Labels).title() + ")"}
	case c.Verdict.Counts():
		v.NoFigures = "No timeline of this cell is on record."
	}
	if n := d.further[c]; n > 0 && len(v.Figures) > 0 {
		v.Notes = append(v.Notes, fmt.Sprintf("%s in timelines/%s.jsonl", count(n, "further trial"), clean(c.Cell)))
	}
	if s := d.failed[c]; s != "" {
		v.Notes = append(v.Notes, "The timeline could not be read to its end: "+s)
	}
	return v
}

func newCheck(c *cell, k measure.CheckRecord) checkView {
	v := checkView{
		ID: clean(k.Check), Kind: clean(string(k.Kind)), mark: markOf(k.Verdict), Want: wanted(k), Got: clean(k.Got), Values: joined(k.Values),
		Cause: clean(k.Cause), CauseAnchor: causeAnchor(k.Cause),
	}
	if a := clean(k.Advice); a != adviceOf(c) && a != clean(measure.AdviceFor(k.Cause, k.Proxy)) {
		v.Advice = a // what is usual for the cause stands there
	}
	if measure.Wavers(k.Verdicts) {
		v.Values = strings.TrimPrefix(v.Values+" · "+waver(k.Verdicts), " · ")
	}
	if k.EndedBy != "" || k.EndKind != "" {
		v.Values = strings.TrimPrefix(v.Values+" · ended by "+clean(k.EndedBy)+" ("+clean(string(k.EndKind))+")", " · ")
	}
	return v
}

// notes are what a cell's checks know of the path: versions and protocols.
func notes(c *cell) []string {
	var out []string
	for _, k := range c.checks {
		if k.ProxyVersion != "" {
			out = append(out, versionWord(c.Proxy)+" "+clean(k.ProxyVersion))
		}
		if k.ProxyConfig != "" {
			out = append(out, "Configuration "+short(clean(k.ProxyConfig), 26))
		}
		if k.HTTPUpstream != "" {
			out = append(out, "HTTP/"+clean(k.HTTPUpstream)+" towards the origin")
		}
		if len(out) > 0 {
			break
		}
	}
	return out
}

// versionWord says what the version of a proxy is: a simulated one has none,
// and says what it is modelled on.
func versionWord(proxy string) string {
	if proxyRank(proxy) > 3 {
		return "Proxy version"
	}
	return "Modelled on:"
}
