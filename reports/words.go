package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// mark is how a verdict looks where colour cannot be relied on.
type mark struct {
	Symbol string
	Word   string
	Brief  string // at most 8 characters
	Class  string // names its colours
}

func markOf(v measure.Verdict) mark {
	switch v {
	case measure.Works:
		return mark{"✓", "works", "works", "works"}
	case measure.Degraded:
		return mark{"~", "degraded", "degraded", "degraded"}
	case measure.Broken:
		return mark{"✗", "broken", "broken", "broken"}
	case measure.Unsupported:
		return mark{"–", "unsupported", "unsupp.", "none"}
	case measure.Skipped:
		return mark{"·", "skipped", "skipped", "none"}
	case measure.SetupFailed:
		return mark{"!", "setup failed", "setup", "fault"}
	case measure.HarnessFailed:
		return mark{"!", "harness failed", "harness", "fault"}
	case measure.Untested, "":
		return mark{"○", "untested", "untested", "none"}
	}
	return mark{"?", clean(string(v)), "unknown", "none"}
}

func (m mark) String() string { return m.Symbol + " " + m.Word }

// verdictMeans explains a verdict in one sentence.
func verdictMeans(v measure.Verdict) string {
	return map[measure.Verdict]string{
		measure.Works:         "Messages arrive, whole and in time.",
		measure.Degraded:      "Messages arrive, but late or less well than they could.",
		measure.Broken:        "Messages are lost, doubled, out of order or far too late, or the exchange cannot be opened.",
		measure.Unsupported:   "This client or this path cannot do it at all.",
		measure.Skipped:       "Something that the question needs is missing here.",
		measure.SetupFailed:   "The same question failed without any proxy, so the cell says nothing.",
		measure.HarnessFailed: "The measurement itself broke.",
		measure.Untested:      "Nobody asked, or the run ended before.",
	}[v]
}

// count writes a number with its noun: 1 cell, 1,210 cells.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return number(float64(n)) + " " + noun
}

// number writes a value with thousands separators and at most one decimal.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) >= 1e15 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	s := strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	whole, frac, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		frac = "." + frac
	}
	return sign + whole + frac
}

// span writes a duration of so many milliseconds in the unit a reader expects.
func span(ms float64) string {
	a := math.Abs(ms)
	switch {
	case a >= 600e3:
		return number(ms/60e3) + " min"
	case a >= 1000:
		return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s"
	case a >= 100:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	case a >= 0.1 || a == 0:
		return number(ms) + " ms"
	}
	return number(ms*1000) + " µs"
}

// size writes a number of bytes.
func size(b float64) string {
	switch a := math.Abs(b); {
	case a >= 1<<30:
		return number(b/(1<<30)) + " GiB"
	case a >= 1<<20:
		return number(b/(1<<20)) + " MiB"
	case a >= 100<<10:
		return number(b/(1<<10)) + " KiB"
	}
	return number(b) + " B"
}

// unit is what the name of a value says about it (RESULTS.md).
type unit struct {
	token string
	ms    float64 // milliseconds in one; 0 for sizes
}

// unitOf finds the unit in a name and what is left of the name without it:
// delay_p99_ms, held_bytes_min. Names without one are counts, and opened_per_s
// is a rate.
func unitOf(name string) (u unit, stem string, ok bool) {
	words := strings.Split(name, "_")
	for i := len(words) - 1; i > 0; i-- {
		for _, u := range []unit{{"ms", 1}, {"us", 0.001}, {"s", 1000}, {"bytes", 0}} {
			if words[i] == u.token && (u.token != "s" || i == len(words)-1) && words[i-1] != "per" {
				return u, strings.Join(slices.Delete(words, i, i+1), "_"), true
			}
		}
	}
	return unit{}, name, false
}

// value writes one named value: delay_p99_ms 5001.2 is "delay p99 5.00 s".
func value(name string, v float64) string {
	text := number(v)
	u, stem, ok := unitOf(name)
	switch {
	case ok && u.ms > 0:
		text = span(v * u.ms)
	case ok:
		text = size(v)
	}
	return strings.ReplaceAll(clean(stem), "_", " ") + " " + text
}

// values lists all of a record's values, by name.
func values(m map[string]float64) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = value(name, m[name])
	}
	return parts
}

// and joins words: a, b and c.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// stamp writes a moment in UTC, to the minute; runs are compared across
// machines.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// took writes how long something lasted, to the second.
func took(d time.Duration) string {
	switch s := int(d.Round(time.Second) / time.Second); {
	case s < 1:
		return "less than a second"
	case s < 120:
		return fmt.Sprintf("%d s", s)
	case s < 7200:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	}
}
