package scenarios

import (
	"fmt"
	"net"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// judgeLatency takes the send times that messages carry. The application's
// clock is its own: on this machine it is ours, elsewhere only differences
// count, and the fastest message is taken to have taken no time.
func judgeLatency(c Case, e *Evidence) Finding {
	if c.App.Sent == "" {
		return Finding{Verdict: measure.Untested, Got: "cannot be told from outside: the messages have no send time (sent: /t)"}
	}
	if f, ok := nothingSent(c, e); ok {
		return f
	}
	var ages []time.Duration
	for _, a := range ofKind(e.Client, measure.Received) {
		if a.SentUS != 0 {
			ages = append(ages, time.Duration(a.T-a.SentUS)*time.Microsecond)
		}
	}
	if len(ages) == 0 {
		return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("no message has a time at %s", c.App.Sent)}
	}
	base, bound := clockBase(c, ages)
	for i := range ages {
		ages[i] = max(0, ages[i]-base)
	}
	f := Finding{Want: []string{fmt.Sprintf("no message older than %s", short(c.Limits.Prompt))}, Values: map[string]float64{
		"latency_p50_ms": ms(quantile(ages, .5)), "latency_p99_ms": ms(quantile(ages, .99)), "latency_max_ms": ms(quantile(ages, 1)),
		"clock_offset_ms": ms(base), "clock_bound_ms": ms(bound),
	}}
	f.EndedBy, f.EndKind = e.EndedBy()
	f.Got = fmt.Sprintf("at most %s old, half of them at most %s", short(quantile(ages, 1)), short(quantile(ages, .5)))
	if bound > 0 {
		f.Got += "; its clock is another one, so the fastest message over the first path counts as no time at all"
	}
	if f.Verdict = c.Limits.Verdict(quantile(ages, 1)); f.Verdict != measure.Works {
		f.Cause = "origin-slow"
		if d := judgeDelivery(c, e, false); d.Verdict != measure.Works {
			f.Cause = d.Cause
		} else {
			f.Got += "; the path added little"
		}
	}
	return f
}

// clockBase is what to take off the messages' apparent ages, and how far the
// rest may be wrong.
func clockBase(c Case, ages []time.Duration) (base, bound time.Duration) {
	host := c.App.Origin().Hostname()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return 0, 0
	}
	base = quantile(ages, 0)
	if ctl := c.Control[appName]; ctl != nil {
		for _, p := range ctl.exchanges() {
			for _, a := range ofKind(p.Client, measure.Received) {
				if a.SentUS != 0 {
					base = min(base, time.Duration(a.T-a.SentUS)*time.Microsecond)
				}
			}
		}
	}
	return base, max(base, -base)
}
