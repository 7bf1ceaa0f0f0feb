package scenarios

import (
	"fmt"
	"net"
	"slices"
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
	ages, stamps := agesOf(ofKind(e.Client, measure.Received))
	if len(ages) == 0 {
		return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("no message arrived that has a time at %s", c.App.Sent)}
	}
	if why := coarse(stamps); why != "" {
		return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("cannot be told: the times at %s %s", c.App.Sent, why)}
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

// agesOf are how old messages seem by their own send times, and those times,
// in Unix microseconds.
func agesOf(received []measure.Event) (ages []time.Duration, stamps []int64) {
	for _, a := range received {
		if a.SentUS != 0 {
			ages = append(ages, time.Duration(a.T-a.SentUS)*time.Microsecond)
			stamps = append(stamps, a.SentUS)
		}
	}
	return ages, stamps
}

// coarse says why send times, in Unix microseconds, are no basis for a
// verdict about milliseconds; "" when they are.
func coarse(stamps []int64) string {
	if len(stamps) > 2 && slices.Min(stamps) == slices.Max(stamps) {
		return "are one and the same in all messages"
	}
	for _, r := range []time.Duration{time.Second, 100 * time.Millisecond} {
		if !slices.ContainsFunc(stamps, func(s int64) bool { return s%r.Microseconds() != 0 }) {
			return fmt.Sprintf("have a resolution of %s, and milliseconds are asked for", short(r))
		}
	}
	return ""
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
			if over, _ := agesOf(ofKind(p.Client, measure.Received)); len(over) > 0 {
				base = min(base, quantile(over, 0))
			}
		}
	}
	return base, max(base, -base)
}
