package scenarios

import (
	"math"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// batchGap joins arrivals into one batch: what a buffer lets go comes at once,
// while the messages themselves were sent further apart. It is a third of the
// usual distance between two messages, at most 25 ms.
func batchGap(arrivals []Arrival) time.Duration {
	if len(arrivals) < 2 {
		return 0
	}
	whole := arrivals[len(arrivals)-1].Due.Sub(arrivals[0].Due)
	return min(25*time.Millisecond, whole/time.Duration(len(arrivals)-1)/3)
}

// batch is a run of messages that arrived together.
type batch struct {
	arrivals []Arrival
	at       time.Time // when its last message was parsed
	bytes    int       // on the wire, as the origin wrote them
}

// newest is the delay of the batch's last message: near zero when its sending
// is what set the batch free.
func (b batch) newest() time.Duration { return b.arrivals[len(b.arrivals)-1].Delay }

// batches groups what arrived in order of arrival.
func batches(arrivals []Arrival) []batch {
	got := slices.DeleteFunc(slices.Clone(arrivals), func(a Arrival) bool { return a.At.IsZero() })
	slices.SortStableFunc(got, func(a, b Arrival) int { return a.At.Compare(b.At) })
	var out []batch
	gap := batchGap(arrivals)
	for _, a := range got {
		if n := len(out); n > 0 && a.At.Sub(out[n-1].at) < gap {
			out[n-1].arrivals = append(out[n-1].arrivals, a)
			out[n-1].at = a.At
			out[n-1].bytes += a.size()
			continue
		}
		out = append(out, batch{arrivals: []Arrival{a}, at: a.At, bytes: a.size()})
	}
	return out
}

// size is what the message took on the wire, or at least its body where the
// origin recorded no write.
func (a Arrival) size() int { return max(a.Wire, a.Bytes) }

// heldBytes is the most that was on the path at one time: written by the
// origin, not yet seen by the client.
func heldBytes(arrivals []Arrival) int {
	most := 0
	for _, b := range batches(arrivals) {
		held := 0
		for _, a := range arrivals {
			if !a.Wrote.IsZero() && a.Wrote.Before(b.at) && (a.At.IsZero() || !a.At.Before(b.arrivals[0].At)) {
				held += a.size()
			}
		}
		most = max(most, held)
	}
	if most == 0 { // nothing ever arrived: all of it is held or lost
		for _, a := range arrivals {
			if a.At.IsZero() && !a.Wrote.IsZero() {
				most += a.size()
			}
		}
	}
	return most
}

// quantile is the nearest-rank quantile; 0 of nothing.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	i := int(math.Ceil(q*float64(len(d)))) - 1
	return d[min(max(i, 0), len(d)-1)]
}

// delays returns the delays of what arrived.
func delays(arrivals []Arrival) []time.Duration {
	var out []time.Duration
	for _, a := range arrivals {
		if !a.At.IsZero() {
			out = append(out, a.Delay)
		}
	}
	return out
}

// deliveryValues are the numbers that every delivery check reports.
func deliveryValues(e *Evidence) map[string]float64 {
	arrivals := e.Arrivals()
	d := delays(arrivals)
	n := e.Counts()
	most := 0
	for _, b := range batches(arrivals) {
		most = max(most, len(b.arrivals))
	}
	v := map[string]float64{
		"sent": float64(n.Sent), "received": float64(n.Received), "lost": float64(n.Lost),
		"duplicated": float64(n.Duplicated), "reordered": float64(n.Reordered), "altered": float64(n.Altered),
		"batch_max":        float64(most),
		"connections":      float64(max(distinctConns(e.Client), 0)),
		"reconnects":       float64(len(ofKind(e.Client, measure.Reconnect))),
		"silence_max_ms":   ms(longestSilenceSeen(e)),
		"publisher_lag_ms": ms(e.Lag),
	}
	if len(d) > 0 {
		v["delay_p50_ms"], v["delay_p99_ms"], v["delay_max_ms"] = ms(quantile(d, .5)), ms(quantile(d, .99)), ms(quantile(d, 1))
	}
	return v
}

// longestSilenceSeen is the longest time in which the client saw nothing,
// between the origin's acceptance and the client's last event.
func longestSilenceSeen(e *Evidence) time.Duration {
	var last int64
	for _, o := range e.Origin {
		if o.Kind == measure.Headers {
			last = o.T
			break
		}
	}
	if last == 0 {
		return 0
	}
	var most int64
	for _, c := range e.Client {
		switch c.Kind {
		case measure.Prelude, measure.Received, measure.Heartbeat, measure.End:
			if c.T > last {
				most = max(most, c.T-last)
				last = c.T
			}
		}
	}
	return time.Duration(most) * time.Microsecond
}

// ms is a duration in milliseconds, rounded to a hundredth.
func ms(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*100) / 100
}
