package compare

import (
	"cmp"
	"math"
	"slices"
	"time"

	"golang.org/x/perf/benchmath"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// latencies are the values that are compared: those that say how long somebody
// waited for what they asked for. tail marks those that one hiccup of a busy
// machine moves: for them a difference within the noise floor of the machines
// is none.
var latencies = []struct {
	value string
	tail  bool
}{
	{"delay_p50_ms", false},
	{"delay_p99_ms", true},
	{"first_ms", false},
	{"headers_ms", false},
}

// repeats is how often a cell was measured before and now.
type repeats struct{ old, now int }

// latencies lists those that differ by more than chance and the thresholds.
func (c *comparer) latencies(old, now *measure.Result) []measure.LatencyChange {
	var out []measure.LatencyChange
	few := repeats{}
	for _, was := range old.Checks {
		i := slices.IndexFunc(now.Checks, func(k measure.CheckRecord) bool { return k.Check == was.Check })
		if i < 0 || was.Kind == measure.Observe || !was.Verdict.Counts() || !now.Checks[i].Verdict.Counts() {
			continue
		}
		for _, l := range latencies {
			a, b := samples(was, l.value), samples(now.Checks[i], l.value)
			if len(a) == 0 || len(b) == 0 {
				continue
			}
			if leastP(len(a), len(b)) > c.Thresholds.Alpha {
				few = repeats{len(a), len(b)}
				continue
			}
			c.Latencies++
			least := c.Thresholds.Least
			if l.tail {
				least = max(least, noise(old.Run), noise(now.Run))
			}
			if change, differ := c.differ(a, b, least); differ {
				change.Check, change.Value = was.Check, l.value
				out = append(out, change)
			}
		}
	}
	if few != (repeats{}) {
		if c.few == nil {
			c.few = map[repeats]int{}
		}
		c.few[few]++
	}
	slices.SortStableFunc(out, func(a, b measure.LatencyChange) int { return cmp.Compare(b.Percent(), a.Percent()) })
	return out
}

// differ tests two samples.
func (c *comparer) differ(old, now []float64, least time.Duration) (measure.LatencyChange, bool) {
	t := benchmath.DefaultThresholds
	t.CompareAlpha = c.Thresholds.Alpha
	a, b := benchmath.NewSample(slices.Clone(old), &t), benchmath.NewSample(slices.Clone(now), &t) // it sorts them
	out := measure.LatencyChange{
		OldMS: median(a.Values), NewMS: median(b.Values), OldN: len(old), NewN: len(now),
		OldMin: a.Values[0], OldMax: a.Values[len(old)-1], NewMin: b.Values[0], NewMax: b.Values[len(now)-1],
	}
	by := math.Abs(out.NewMS - out.OldMS)
	if by <= float64(least)/float64(time.Millisecond) || by <= out.OldMS*c.Thresholds.Percent/100 {
		return out, false
	}
	out.P = benchmath.AssumeNothing.Compare(a, b).P
	return out, out.P <= c.Thresholds.Alpha
}

// samples are a value's over the repetitions of a check, or the one there is.
func samples(k measure.CheckRecord, value string) []float64 {
	if all := k.Samples[value]; len(all) > 0 {
		return all
	}
	if v, ok := k.Values[value]; ok {
		return []float64{v}
	}
	return nil
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// leastP is the smallest two-sided p that the U test can come to: when all of
// one sample lies beyond all of the other.
func leastP(m, n int) float64 {
	p := 2.0
	for i := 1; i <= m; i++ { // divided by m+n choose m
		p *= float64(i) / float64(n+i)
	}
	return min(p, 1)
}

// enough is how many repetitions both runs need at least; with one more, a
// single hiccup does not hide a difference.
func enough(alpha float64) int {
	n := 1
	for leastP(n, n) > alpha && n < 100 {
		n++
	}
	return n
}

// noise is how late messages are on the machine of a run without any cause.
func noise(r *measure.Run) time.Duration {
	return time.Duration(r.Record.NoiseFloor["delay_p99_ms"] * float64(time.Millisecond))
}
