package scenarios

import (
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// pathLatency is what the path adds to everything, as far as the quickest thing
// that came down it tells: a head, a hello, a message, or what the origin's end
// set free. A buffer shows its pattern behind it.
func pathLatency(e *Evidence, arrivals []Arrival, after []batch) time.Duration {
	least := time.Duration(-1)
	add := func(d time.Duration) {
		if d >= 0 && (least < 0 || d < least) {
			least = d
		}
	}
	if reqs := e.Requests(); len(reqs) > 0 {
		for _, ev := range slices.Concat(e.Headers(), ofKind(e.Client, measure.Prelude)) {
			add(time.UnixMicro(ev.T).Sub(time.UnixMicro(reqs[0].T)))
		}
	}
	for _, d := range delays(arrivals) {
		add(d)
	}
	if len(after) > 0 {
		add(after[0].arrivals[0].At.Sub(e.Released))
	}
	return max(0, least)
}

// evenlyUnderWay recognises latency where each message waits for somebody to
// ask for it first: from writing to arrival all take about as long.
func evenlyUnderWay(arrivals []Arrival) bool {
	var under []time.Duration
	for _, a := range arrivals {
		if !a.At.IsZero() && !a.Wrote.IsZero() {
			under = append(under, a.At.Sub(a.Wrote))
		}
	}
	mid := quantile(under, .5)
	return mid > triggered && quantile(under, .1) > mid*2/3 && quantile(under, .9) < mid*4/3
}

// evenlyLate recognises plain latency: all delays lie within a third of their
// median.
func evenlyLate(arrivals []Arrival) bool {
	d := delays(arrivals)
	mid := quantile(d, .5)
	return quantile(d, .1) > mid*2/3 && quantile(d, .9) < mid*4/3
}
