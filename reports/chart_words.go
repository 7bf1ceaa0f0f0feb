package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// together is the gap in microseconds within which arrivals count as one
// batch.
const together = 20_000

// words says what the picture shows, for those who cannot see it and for
// those who want the numbers.
func (c chart) words() string {
	var sent, arrived, lost, doubled int
	var delays, arrivals []float64
	for _, m := range c.messages {
		sent += btoi(m.hasSent)
		arrived += btoi(len(m.arrivals) > 0)
		lost += btoi(m.lost())
		doubled += max(0, len(m.arrivals)-1)
		arrivals = append(arrivals, m.arrivals...)
		if d, ok := m.delay(); ok {
			delays = append(delays, d)
		}
	}
	var parts []string
	switch {
	case sent == 0 && arrived == 0:
		parts = append(parts, "no message")
	case !c.known:
		parts = append(parts, fmt.Sprintf("%s arrived; what the origin sent is not on record", number(float64(arrived))))
	default:
		parts = append(parts, fmt.Sprintf("%s sent, %s arrived", number(float64(sent)), number(float64(arrived))))
	}
	if lost > 0 && arrived > 0 {
		parts = append(parts, fmt.Sprintf("%d never", lost))
	}
	if doubled > 0 {
		parts = append(parts, fmt.Sprintf("%d more than once", doubled))
	}
	if s := delayWords(delays); s != "" {
		parts = append(parts, s)
	}
	slices.Sort(arrivals)
	if n := batches(arrivals); n < len(arrivals) && c.spread() > 5*together*float64(max(sent, 1)) {
		parts = append(parts, "in "+plural(n, "batch", "batches"))
	}
	parts = append(parts, c.endings()...)
	if n := len(c.messages); n > maxMessages {
		parts = append(parts, fmt.Sprintf("%d of %s drawn", maxMessages, number(float64(n))))
	}
	return strings.Join(parts, "; ")
}

func delayWords(delays []float64) string {
	if len(delays) == 0 {
		return ""
	}
	slices.Sort(delays)
	low, high := span(delays[0]/1000), span(delays[len(delays)-1]/1000)
	if low == high {
		return low + " after sending"
	}
	return fmt.Sprintf("%s to %s after sending", low, high)
}

// spread is the time between the first and the last sending.
func (c chart) spread() float64 {
	first, last := 0.0, 0.0
	seen := false
	for _, m := range c.messages {
		if !m.hasSent {
			continue
		}
		if !seen {
			first, last, seen = m.sent, m.sent, true
		}
		first, last = min(first, m.sent), max(last, m.sent)
	}
	return last - first
}

func batches(arrivals []float64) int {
	n := 0
	for i, t := range arrivals {
		if i == 0 || t-arrivals[i-1] > together {
			n++
		}
	}
	return n
}

// endings tells the ends and failures, the client's view first.
func (c chart) endings() []string {
	var out []string
	ends := 0
	for _, e := range c.marks {
		if e.Side != measure.SideClient {
			continue
		}
		switch e.Kind {
		case measure.End:
			ends++
		case measure.Failed:
			if len(out) < 2 {
				out = append(out, fmt.Sprintf("error at %s: %s", span(e.at/1000), short(clean(e.Note), 80)))
			}
		}
	}
	switch last, ok := c.lastEnd(); {
	case ok && ends == 1:
		out = append(out, fmt.Sprintf("ended at %s: %s", span(last.at/1000), endWords(last)))
	case ok:
		out = append(out, fmt.Sprintf("%s, the last at %s: %s", plural(ends, "exchange", "exchanges"), span(last.at/1000), endWords(last)))
	}
	return out
}

func (c chart) lastEnd() (event, bool) {
	for _, e := range slices.Backward(c.marks) {
		if e.Side == measure.SideClient && e.Kind == measure.End {
			return e, true
		}
	}
	return event{}, false
}

// endWords says how an exchange ended on the wire, and what the origin said.
func endWords(e event) string {
	s := map[measure.EndKind]string{
		measure.EndClean: "clean end", measure.EndFIN: "closed without an end mark", measure.EndRST: "reset",
		measure.EndStatus: "an error status", measure.EndSilence: "silence",
	}[e.EndKind]
	if s == "" {
		s = cmp.Or(clean(string(e.EndKind)), "end")
	}
	if note := short(clean(e.Note), 60); note != "" {
		s += " (" + note + ")"
	}
	return s
}
