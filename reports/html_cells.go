package reports

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// drawingBudget is how many bytes of drawings a page may hold. Broken cells
// draw first, then one working example per technique, then degraded cells.
const drawingBudget = 600_000

// details makes the cells of the page.
type details struct {
	r        *result
	drawings map[*cell][]figure
	leftOut  map[*cell]bool   // had a timeline, and there was no room
	further  map[*cell]int    // trials that are not drawn
	failed   map[*cell]string // has a timeline that cannot be read
	example  map[string]*cell // a drawn working cell per technique
}

// figure is one drawn trial and the checks that judged it as less than fine.
type figure struct {
	Title, Words string
	Judged       []checkView
	Drawing      template.HTML
}

// cellView is one cell, opened.
type cellView struct {
	Anchor, Technique, Proxy, Group string
	mark
	Cause, CauseAnchor, Means, Advice string
	Reason                            string
	Axes                              []axisView
	Checks                            []checkView
	Figures                           []figure
	NoFigures                         string
	Example                           *link
	Notes                             []string
	Command                           string
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

func newDetails(r *result, budget int) *details {
	d := &details{r: r, drawings: map[*cell][]figure{}, leftOut: map[*cell]bool{}, further: map[*cell]int{}, failed: map[*cell]string{}, example: map[string]*cell{}}
	for _, v := range []measure.Verdict{measure.Broken, measure.Works, measure.Degraded, measure.HarnessFailed, measure.SetupFailed} {
		for _, c := range r.cells {
			if c.Verdict == v && (v != measure.Works || d.example[c.Technique] == nil) {
				d.draw(c, &budget)
			}
		}
	}
	return d
}

func (d *details) draw(c *cell, budget *int) {
	events, err := measure.ReadTimeline(c.run.Dir, c.Cell)
	if err != nil {
		d.failed[c] = clean(err.Error()) // what was read before is still drawn
	}
	if len(events) == 0 {
		return
	}
	var clocks []measure.Clock
	for _, check := range c.checks {
		clocks = append(clocks, check.Clocks...)
	}
	all := charts(events, clocks)
	if len(all) > maxTrials {
		d.further[c] = len(all) - maxTrials
		all = all[:maxTrials]
	}
	var figures []figure
	bytes := 0
	for i, ch := range all {
		title := trialTitle(ch.trial)
		ch.limits = c.run.Record.Thresholds()
		f := figure{Title: title, Words: ch.words()}
		for _, check := range c.checks {
			if check.Trial == ch.trial && (check.Verdict == measure.Broken || check.Verdict == measure.Degraded) {
				f.Judged = append(f.Judged, checkView{ID: clean(check.Check), mark: markOf(check.Verdict)})
			}
		}
		f.Drawing = template.HTML(ch.svg(fmt.Sprintf("%s-%d", anchorOf(c), i), "Timeline of "+title+", "+clean(c.Technique)+" via "+clean(c.Proxy)))
		bytes += len(f.Drawing) + len(f.Words)
		figures = append(figures, f)
	}
	if bytes > *budget {
		d.leftOut[c] = true
		return
	}
	*budget -= bytes
	d.drawings[c] = figures
	if c.Verdict == measure.Works {
		d.example[c.Technique] = c
	}
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
		Cause: clean(c.Cause), CauseAnchor: causeAnchor(c.Cause), Means: meansOf(c.Cause), Advice: adviceOf(c),
		Figures: d.drawings[c], Notes: notes(c), Command: repeatCommand(c),
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
	if a := clean(k.Advice); a != adviceOf(c) {
		v.Advice = a
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
			out = append(out, "Proxy version "+clean(k.ProxyVersion))
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
