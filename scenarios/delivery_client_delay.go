package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// throttled is a median delay of a client's own from which on it is no matter
// of speed: browsers report the progress of a request every 50 ms at most.
const throttled = 40 * time.Millisecond

// DeliveryClientDelay tells what a client itself adds to the path's delay.
func DeliveryClientDelay() Check {
	return Check{
		ID: "delivery/client-delay", Question: "How much later do messages come to this client than to a Go client beside it?",
		Kind: measure.Observe, Axis: measure.Delivery, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{witnessTrial()},
		Applies: func(t measure.Technique) bool {
			return t.Class == measure.ClassSocket || t.Class == measure.ClassStream && !t.EndsItself
		},
		Judge: judgeClientDelay,
	}
}

func judgeClientDelay(c Case) Finding {
	e := c.Evidence[witnessName]
	f := Finding{Verdict: measure.Untested, Want: []string{fmt.Sprintf("messages within %s of a Go client", short(throttled))}}
	if len(e.Parts) < 2 {
		f.Got = "the exchange did not open, so that there was nothing to hold against each other"
		return f
	}
	own, beside := e.Parts[0].Arrivals(), e.Parts[1].Arrivals()
	var added []time.Duration
	held := 0 // messages at the beginning that only the Go client had in time
	for i, a := range own {
		if a.At.IsZero() || beside[i].At.IsZero() {
			continue
		}
		d := max(0, a.At.Sub(beside[i].At))
		added = append(added, d)
		if d > c.Limits.Prompt && held == i {
			held++
		}
	}
	if len(added) < len(own)/2 {
		f.Got = fmt.Sprintf("only %d of %d messages came to both", len(added), len(own))
		return f
	}
	p50, most := quantile(added, .5), quantile(added, 1)
	f.Verdict = measure.Works
	f.Values = map[string]float64{
		"added_p50_ms": ms(p50), "added_max_ms": ms(most),
		"delay_p50_ms": ms(quantile(delays(own), .5)), "beside_p50_ms": ms(quantile(delays(beside), .5)),
	}
	f.Got = fmt.Sprintf("%s later in the median, %s at most", short(p50), short(most))
	byNetwork(&f, e.Parts[0], own)
	switch {
	case held > 0:
		bytes := batches(own)[0].bytes
		f.Verdict, f.Cause = measure.Degraded, "browser-sniff"
		f.Values["needed_bytes_max"] = float64(bytes)
		f.Got += fmt.Sprintf("; nothing was shown before about %d bytes of messages had come", bytes)
	case p50 >= throttled:
		f.Verdict, f.Cause = measure.Degraded, "browser-throttle"
	}
	return f
}

// byNetwork adds what the browser's own network says of the same messages, if it
// does: when it had them, and for how long the page had to wait.
func byNetwork(f *Finding, e *Evidence, arrivals []Arrival) {
	// A message that the network had before it was written was another one.
	const early = 5 * time.Millisecond
	waited := map[string]time.Duration{}
	for _, ev := range ofKind(e.Client, measure.Received) {
		if ev.HeldUS > 0 {
			waited[ev.ID] = time.Duration(ev.HeldUS) * time.Microsecond
		}
	}
	var network, page []time.Duration
	for _, a := range arrivals {
		held, told := waited[a.ID]
		if a.At.IsZero() || !told {
			continue
		}
		if !a.Wrote.IsZero() && a.At.Add(-held).Before(a.Wrote.Add(-early)) {
			return
		}
		network, page = append(network, max(0, a.Delay-held)), append(page, held)
	}
	if len(network) == 0 || len(network) < len(arrivals)/2 {
		return
	}
	f.Values["network_p50_ms"], f.Values["held_p50_ms"], f.Values["held_max_ms"] = ms(quantile(network, .5)), ms(quantile(page, .5)), ms(quantile(page, 1))
	f.Got += fmt.Sprintf("; the browser's own network had them after %s in the median, the page %s later, %s at most",
		short(quantile(network, .5)), short(quantile(page, .5)), short(quantile(page, 1)))
}
