package scenarios

import (
	"fmt"
	"math"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CountingCPU asks what a message costs the origin, beside short polling that
// is as fresh.
func CountingCPU() Check {
	return Check{
		ID: "counting/cpu", Question: "How much CPU of the origin does a message take, beside short polling?",
		Kind: measure.Observe, Axis: measure.Counting, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{cpuTrial()},
		Judge:  func(c Case) Finding { return judgeCPU(c, c.Evidence[cpuName]) },
	}
}

func judgeCPU(c Case, e *Evidence) Finding {
	parts := e.exchanges()
	if bad, failed := openingFailure(c, parts[0]); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	for _, p := range parts {
		if p.CPU <= 0 {
			return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("not all of %d subscribers were served", cpuStreams)}
		}
	}
	own := perDelivery(parts[0])
	f := Finding{Verdict: measure.Works, Values: map[string]float64{"subscribers": cpuStreams, "cpu_per_message_us": own}}
	f.Got = fmt.Sprintf("%.0f us a message at each of %d subscribers, %.0f messages a second", own, cpuStreams, 1/cpuSpacing.Seconds())
	if len(parts) > 1 {
		polled := perDelivery(parts[1])
		f.Values["short_poll_cpu_per_message_us"] = polled
		f.Values["times_short_poll"] = math.Round(own/polled*100) / 100
		f.Got += fmt.Sprintf("; short polling every %s takes %.0f", short(cpuSpacing), polled)
	}
	return f
}

// perDelivery is the origin's CPU for one message at one subscriber, in
// microseconds; publishing is in it.
func perDelivery(e *Evidence) float64 {
	return math.Round(float64(e.CPU.Microseconds()) / (cpuCount * cpuStreams))
}
