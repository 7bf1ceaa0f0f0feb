package reports

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The drawing of a distribution, in its own units.
const (
	delaysHeight = 132
	delaysTop    = 14
	delaysAxis   = 104
	leastDelays  = 3  // fewer make no distribution
	curvePoints  = 60 // of one curve
)

// delays are those of a chart's messages in milliseconds, sorted.
func (c chart) delays() []float64 {
	var out []float64
	for _, m := range c.messages {
		if d, ok := m.delay(); ok {
			out = append(out, max(d, 0)/1000)
		}
	}
	slices.Sort(out)
	return out
}

// distribution is how late the messages of one trial were, and beside it how
// late they are without any proxy; both sorted, in milliseconds.
type distribution struct {
	delays, control []float64
	limits          measure.Thresholds
}

// words names the quantiles, for those who cannot see the curve.
func (d distribution) words() string {
	s := quantileWords(d.delays)
	if len(d.control) >= leastDelays {
		s += "; without a proxy " + quantileWords(d.control)
	}
	return s
}

func quantileWords(sorted []float64) string {
	return fmt.Sprintf("half of %s within %s, nine of ten within %s, all within %s", number(float64(len(sorted))),
		span(quantile(sorted, .5)), span(quantile(sorted, .9)), span(sorted[len(sorted)-1]))
}

// quantile is the smallest delay within which a share of the messages came.
func quantile(sorted []float64, share float64) float64 {
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

// svg draws the share of messages that had arrived after so much time, over a
// logarithmic axis: buffering moves a curve by powers of ten.
func (d distribution) svg(id, title string) string {
	limits := d.limits.OrUsual()
	prompt, late := float64(limits.Prompt.Microseconds())/1000, float64(limits.Late.Microseconds())/1000
	low, high := math.Inf(1), late*2
	for _, list := range [][]float64{d.delays, d.control} {
		for _, v := range list {
			low, high = min(low, max(v, .01)), max(high, v)
		}
	}
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	x := func(ms float64) int {
		f := (math.Log10(max(ms, low)) - from) / (to - from)
		return plotLeft + int(math.Round(f*(plotRight-plotLeft)))
	}
	g := &drawing{}
	fmt.Fprintf(&g.b, `<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		chartWidth, delaysHeight, id, id, id, html.EscapeString(title), id, html.EscapeString(d.words()))
	axis := fmt.Sprintf("M%d %dH%d", plotLeft, delaysAxis, plotRight)
	for e := from; e <= to; e++ {
		at := x(math.Pow(10, e))
		axis += fmt.Sprintf("M%d %dv4", at, delaysAxis)
		g.text("tm", at, delaysAxis+17, decade(e))
	}
	for _, share := range []float64{.5, 1} {
		y := delaysY(share)
		axis += fmt.Sprintf("M%d %dh-4", plotLeft, y)
		g.text("te", plotLeft-7, y+4, fmt.Sprintf("%.0f%%", share*100))
	}
	g.path("ax", axis)
	for _, l := range []struct {
		at    float64
		class string
	}{{prompt, "l1"}, {late, "l2"}} {
		g.path(l.class, fmt.Sprintf("M%d %dV%d", x(l.at), delaysTop-6, delaysAxis))
	}
	if len(d.control) >= leastDelays {
		g.path("dc", curve(d.control, x))
	}
	g.path("dd", curve(d.delays, x))
	g.b.WriteString("</svg>")
	return g.b.String()
}

// decade labels a power of ten of milliseconds.
func decade(e float64) string {
	if e >= 3 {
		return number(math.Pow(10, e-3)) + " s"
	}
	return span(math.Pow(10, e))
}

func delaysY(share float64) int {
	return delaysAxis - int(math.Round(share*(delaysAxis-delaysTop)))
}

// curve is the path of the steps of an empirical distribution.
func curve(sorted []float64, x func(float64) int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%d %d", x(sorted[0]), delaysAxis)
	steps := min(len(sorted), curvePoints)
	for i := range steps {
		last := (i+1)*len(sorted)/steps - 1
		fmt.Fprintf(&b, "H%dV%d", x(sorted[last]), delaysY(float64(last+1)/float64(len(sorted))))
	}
	fmt.Fprintf(&b, "H%d", plotRight)
	return b.String()
}
