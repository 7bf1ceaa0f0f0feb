package reports

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The drawing of a count over time, in its own units.
const (
	countsHeight = 92
	countsTop    = 12
	countsAxis   = 66
)

// step is a moment at which a count changes.
type step struct {
	at    float64 // microseconds from the start of the picture
	count int
}

// counting makes steps of spans of time that begin and end.
func counting(spans [][2]float64) []step {
	changes := map[float64]int{}
	for _, s := range spans {
		changes[s[0]]++
		changes[s[1]]--
	}
	out := make([]step, 0, len(changes))
	for at, by := range changes {
		if by != 0 {
			out = append(out, step{at, by})
		}
	}
	slices.SortFunc(out, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(out); i++ {
		out[i].count += out[i-1].count
	}
	return out
}

// connections are the client's, from the first to the last that was seen on
// each. A poll that keeps its connection has one over all its exchanges.
func (c chart) connections() [][2]float64 {
	at := map[int]int{}
	var out [][2]float64
	for _, e := range c.onConns {
		i, ok := at[e.Conn]
		if !ok {
			i = len(out)
			at[e.Conn], out = i, append(out, [2]float64{e.at, e.at})
		}
		out[i][1] = max(out[i][1], e.at)
	}
	return out
}

// highest is the largest count.
func highest(steps []step) int {
	most := 0
	for _, s := range steps {
		most = max(most, s.count)
	}
	return most
}

// countSVG draws steps over time. Where several fall on one column of the
// picture the highest is drawn.
func countSVG(id, title, words string, steps []step, total float64) string {
	d := &drawing{span: max(total, 1)}
	most := max(highest(steps), 1)
	fmt.Fprintf(&d.b, `<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		chartWidth, countsHeight, id, id, id, html.EscapeString(title), id, html.EscapeString(words))
	y := func(n int) int {
		return countsAxis - int(math.Round(float64(n)/float64(most)*(countsAxis-countsTop)))
	}
	d.text("te", plotLeft-7, y(most)+4, strconv.Itoa(most))
	d.text("te", plotLeft-7, y(0)+4, "0")
	d.ticks(countsAxis)
	column := map[int]int{} // the highest count drawn at each place
	last := map[int]int{}
	for _, s := range steps {
		x := d.x(s.at)
		column[x], last[x] = max(column[x], s.count), s.count
	}
	var line strings.Builder
	fmt.Fprintf(&line, "M%d %d", d.x(0), y(0))
	for x := plotLeft; x <= plotRight; x++ {
		if _, ok := column[x]; !ok {
			continue
		}
		fmt.Fprintf(&line, "H%dV%d", x, y(column[x]))
		if last[x] != column[x] {
			fmt.Fprintf(&line, "V%d", y(last[x]))
		}
	}
	fmt.Fprintf(&line, "H%d", d.x(d.span))
	d.path("cn", line.String())
	d.b.WriteString("</svg>")
	return d.b.String()
}

// crowd is how many exchanges and connections were open over a run, as far as
// its records say: each exchange has its begin and length, and how many
// connections it opened.
func crowd(checks []measure.CheckRecord) (exchanges []step, total float64) {
	type place struct{ cell, trial string }
	seen := map[place]bool{}
	var spans [][2]float64
	first := int64(math.MaxInt64)
	for _, k := range checks {
		if k.BeganUS > 0 && k.TookMS > 0 {
			first = min(first, k.BeganUS)
		}
	}
	for _, k := range checks {
		at := place{k.Cell, k.Trial}
		if k.BeganUS <= 0 || k.TookMS <= 0 || k.Trial == "" || seen[at] {
			continue
		}
		seen[at] = true
		from := float64(k.BeganUS - first)
		to := from + float64(k.TookMS)*1000
		spans, total = append(spans, [2]float64{from, to}), max(total, to)
	}
	return counting(spans), total
}
