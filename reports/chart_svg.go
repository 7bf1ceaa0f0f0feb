package reports

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The drawing's measures, in its own units: one is a CSS pixel at full width.
const (
	chartWidth  = 720
	chartHeight = 164
	plotLeft    = 56
	plotRight   = 706
	laneOrigin  = 40
	laneClient  = 102
	axisY       = 140
)

// svg draws the trial: the origin's lane on top, the client's below, a line
// per message. id must be unique in the page.
func (c chart) svg(id, title string) string {
	d := &drawing{span: max(c.span, 1), limits: c.limits.OrUsual()}
	fmt.Fprintf(&d.b, `<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		chartWidth, chartHeight, id, id, id, html.EscapeString(title), id, html.EscapeString(c.words()))
	d.text("tl", 4, laneOrigin+4, "origin")
	d.text("tl", 4, laneClient+4, "client")
	d.path("ax", fmt.Sprintf("M%d %dH%dM%d %dH%d", plotLeft, laneOrigin, plotRight, plotLeft, laneClient, plotRight))
	d.axis()
	d.lines(thin(c.messages, maxMessages))
	d.marks(c.marks)
	d.b.WriteString("</svg>")
	return d.b.String()
}

// drawing writes SVG. Paths of a class are joined, so that a message costs a
// few bytes.
type drawing struct {
	b      strings.Builder
	span   float64
	limits measure.Thresholds
}

func (d *drawing) x(t float64) int {
	f := min(max(t/d.span, 0), 1)
	return plotLeft + 4 + int(math.Round(f*(plotRight-plotLeft-8)))
}

func (d *drawing) path(class, data string) {
	if data != "" {
		fmt.Fprintf(&d.b, `<path class="%s" d="%s"/>`, class, data)
	}
}

func (d *drawing) text(class string, x, y int, s string) {
	fmt.Fprintf(&d.b, `<text class="%s" x="%d" y="%d">%s</text>`, class, x, y, html.EscapeString(s))
}

func (d *drawing) axis() { d.ticks(axisY) }

// ticks draws the axis of time at a height, with marks at 1, 2 or 5 times a
// power of ten.
func (d *drawing) ticks(y int) {
	raw := d.span / 8
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if step*m >= raw {
			step *= m
			break
		}
	}
	unit, name := 1e6, "s"
	switch {
	case d.span < 2e3:
		unit, name = 1, "µs"
	case d.span < 2e6:
		unit, name = 1e3, "ms"
	}
	data := fmt.Sprintf("M%d %dH%d", plotLeft, y, plotRight)
	for i := 0; float64(i)*step <= d.span*1.0001; i++ {
		t := float64(i) * step
		data += fmt.Sprintf("M%d %dv4", d.x(t), y)
		label := strconv.FormatFloat(math.Round(t/unit*100)/100, 'f', -1, 64)
		if i == 0 {
			label += " " + name
		}
		d.text("tm", d.x(t), y+17, label)
	}
	d.path("ax", data)
}

// lines joins each sending with its arrivals. How late a message is decides
// the line's class (prompt, late, very late); its slope shows the same.
func (d *drawing) lines(messages []message) {
	joins := map[string]*strings.Builder{"m0": {}, "m1": {}, "m2": {}}
	var sent, arrived, lost, writes strings.Builder
	var lastFrom, lastTo int
	for _, m := range messages {
		if m.hasSent {
			fmt.Fprintf(&sent, "M%d %dh0", d.x(m.sent), laneOrigin)
		}
		for _, t := range m.writes {
			fmt.Fprintf(&writes, "M%d %dv5", d.x(t), laneOrigin)
		}
		for _, t := range m.arrivals {
			fmt.Fprintf(&arrived, "M%d %dh0", d.x(t), laneClient)
			if !m.hasSent {
				continue
			}
			class := "m0"
			switch delay := t - m.sent; {
			case delay > float64(d.limits.Late.Microseconds()):
				class = "m2"
			case delay > float64(d.limits.Prompt.Microseconds()):
				class = "m1"
			}
			from, to := d.x(m.sent), d.x(t)
			if bundled(from-lastFrom, to-lastTo, to-from) {
				continue
			}
			lastFrom, lastTo = from, to
			fmt.Fprintf(joins[class], "M%d %dL%d %d", from, laneOrigin, to, laneClient)
		}
		if m.lost() { // a stub that ends in a cross on the way
			x := d.x(m.sent)
			fmt.Fprintf(&lost, "M%d %dv18m-3 0l6 6m0 -6l-6 6", x, laneOrigin)
		}
	}
	for _, class := range []string{"m0", "m1", "m2"} {
		d.path(class, joins[class].String())
	}
	d.path("lo", lost.String())
	d.path("wr", writes.String())
	d.path("ds", sent.String())
	d.path("da", arrived.String())
}

// bundled reports a join that lies so close to the one before it that the two
// would become a blot: both ends are near, and the flatter the join is, the
// nearer its neighbours lie.
func bundled(from, to, run int) bool {
	lanes := float64(laneClient - laneOrigin)
	room := 3 * math.Hypot(float64(run), lanes) / lanes
	return math.Abs(float64(from)) < room && math.Abs(float64(to)) < room
}

// marks draws what is not a message: the origin's above its lane, the
// client's below.
func (d *drawing) marks(marks []event) {
	paths := map[string]*strings.Builder{}
	var telling []event
	for _, side := range []string{measure.SideOrigin, measure.SideProxy, measure.SideClient} {
		lane, out := laneOrigin, -1 // out points away from the other lane
		switch side {
		case measure.SideClient:
			lane, out = laneClient, 1
		case measure.SideProxy:
			lane = (laneOrigin + laneClient) / 2
		}
		byKind := map[measure.EventKind][]event{}
		for _, e := range marks {
			if e.Side == side {
				byKind[e.Kind] = append(byKind[e.Kind], e)
			}
		}
		for _, kind := range measure.EventKinds() {
			list := byKind[kind]
			for i, e := range thin(list, maxMarks) {
				last := i == min(len(list), maxMarks)-1
				loud := kind == measure.Failed || kind == measure.AbortNoticed || kind == measure.End && (last || e.EndKind != measure.EndClean)
				class, data := glyph(kind, d.x(e.at), lane, out, loud)
				if paths[class] == nil {
					paths[class] = &strings.Builder{}
				}
				paths[class].WriteString(data)
				if loud {
					telling = append(telling, e)
				}
			}
		}
	}
	for _, class := range []string{"hb", "mf", "mk", "en", "er"} {
		if paths[class] != nil {
			d.path(class, paths[class].String())
		}
	}
	slices.SortStableFunc(telling, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	d.labels(telling)
}

// glyph draws one mark: the class of its path, and the path. Ends that are
// one of many, as with polls, are quiet.
func glyph(kind measure.EventKind, x, lane, out int, loud bool) (class, data string) {
	switch kind {
	case measure.Heartbeat:
		return "hb", fmt.Sprintf("M%d %dv%d", x, lane, 7*out)
	case measure.Dial:
		return "mk", fmt.Sprintf("M%d %dm-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", x, lane)
	case measure.Headers, measure.Prelude:
		return "mf", fmt.Sprintf("M%d %dv%dl7 %dl-7 %dz", x, lane, 13*out, -4*out, -4*out)
	case measure.Reconnect:
		return "mk", fmt.Sprintf("M%d %dl4 3l-4 3", x, lane+8*out-3)
	case measure.Gap:
		return "mk", fmt.Sprintf("M%d %dm-2 -4h-3v8h3m4 -8h3v8h-3", x, lane+10*out)
	case measure.Failed:
		return "er", fmt.Sprintf("M%d %dm-5 -5l10 10m0 -10l-10 10", x, lane)
	case measure.AbortNoticed:
		return "mk", fmt.Sprintf("M%d %dm0 -6l6 6l-6 6l-6 -6z", x, lane)
	case measure.End:
		if loud {
			return "en", fmt.Sprintf("M%d %dv16", x, lane-8)
		}
		return "mk", fmt.Sprintf("M%d %dv%d", x, lane+4*out, 6*out)
	}
	return "mk", fmt.Sprintf("M%d %dv%d", x, lane, 4*out)
}

// labels names ends and failures, last first, where there is room.
func (d *drawing) labels(ends []event) {
	taken := map[string]int{}
	for i := len(ends) - 1; i >= 0; i-- {
		e := ends[i]
		y := laneOrigin - 20
		if e.Side == measure.SideClient {
			y = laneClient + 28
		}
		s := short(labelOf(e), 44)
		width := utf8.RuneCountInString(s) * 6
		right := d.x(e.at) + 4
		if right-width < plotLeft {
			right = plotLeft + width
		}
		if limit, ok := taken[e.Side]; ok && right > limit-8 {
			continue
		}
		taken[e.Side] = right - width
		d.text("te", right, y, s)
	}
}

func labelOf(e event) string {
	switch e.Kind {
	case measure.AbortNoticed:
		return "noticed that the client left"
	case measure.Failed:
		return "error: " + clean(e.Note)
	}
	return endWords(e)
}
