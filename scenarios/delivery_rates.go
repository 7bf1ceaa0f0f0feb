package scenarios

import (
	"fmt"
	"maps"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryRates asks how delay, batches and requests change from one message a
// second to fifty, and where a poll falls behind.
func DeliveryRates() Check {
	return Check{
		ID: "delivery/rates", Question: "From which rate on do messages come late?",
		Kind: measure.Observe, Axis: measure.Delivery, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{ratesTrial()},
		Judge:  func(c Case) Finding { return judgeRates(c, c.Evidence[ratesName]) },
	}
}

func judgeRates(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Values: map[string]float64{},
		Want: []string{fmt.Sprintf("at each of %v messages a second 99 of 100 within %s, none lost", rates, short(c.Limits.Prompt))}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
		return f
	}
	arrivals, behind := e.Arrivals(), 0
	for _, rate := range rates {
		n := min(messagesAt(rate), len(arrivals))
		step := rateStep(e, arrivals[:n])
		arrivals = arrivals[n:]
		for name, v := range step.values {
			f.Values[fmt.Sprintf("at_%d_%s", rate, name)] = v
		}
		if behind == 0 && step.late(c.Limits.Prompt) {
			behind = rate
		}
	}
	n := e.Counts()
	f.Values["sent"], f.Values["received"], f.Values["lost"] = float64(n.Sent), float64(n.Received), float64(n.Lost)
	fastest := rates[len(rates)-1]
	switch {
	case n.Lost > 0:
		d := diagnoseMissing(c, e, false)
		f.Verdict, f.Cause = measure.Broken, d.cause
		f.Got = fmt.Sprintf("%d of %d messages lost; %s", n.Lost, n.Sent, d.got)
		maps.Copy(f.Values, d.values)
	case behind == rates[0]:
		f.Verdict = measure.Untested
		f.Got = fmt.Sprintf("at %d a second already late (p99 %.0f ms): no matter of the rate; see delivery/steady", behind, f.Values[fmt.Sprintf("at_%d_delay_p99_ms", behind)])
	case behind > 0:
		f.Values["behind_at_per_s"] = float64(behind)
		f.Got = fmt.Sprintf("falls behind at %d a second: p99 %.0f ms, up to %.0f in a batch", behind,
			f.Values[fmt.Sprintf("at_%d_delay_p99_ms", behind)], f.Values[fmt.Sprintf("at_%d_batch_max", behind)])
		f.Verdict = measure.Degraded
		if f.Values[fmt.Sprintf("at_%d_delay_p99_ms", behind)] > ms(c.Limits.Late) {
			f.Verdict = measure.Broken
		}
		f.Cause = "unknown"
		if !c.Technique.Polls() { // a poll's answers are batches anyway
			d := diagnoseDelay(c, e)
			f.Cause = d.cause
			f.Got += "; " + d.got
		}
	default:
		f.Got = fmt.Sprintf("keeps up with %d a second: p99 %.0f ms", fastest, f.Values[fmt.Sprintf("at_%d_delay_p99_ms", fastest)])
		if c.Technique.Polls() {
			f.Got += fmt.Sprintf(", %.2g requests a message (%.2g at 1 a second)", f.Values[fmt.Sprintf("at_%d_requests_per_message", fastest)], f.Values["at_1_requests_per_message"])
		}
	}
	return f
}

// rateStep is what one rate brought.
func rateStep(e *Evidence, arrivals []Arrival) step {
	s := step{delays: delays(arrivals), values: map[string]float64{}}
	if len(s.delays) == 0 {
		return s
	}
	most := 0
	for _, b := range batches(arrivals) {
		most = max(most, len(b.arrivals))
	}
	from, until := arrivals[0].Due.UnixMicro(), arrivals[len(arrivals)-1].Due.UnixMicro()
	asked := 0
	for _, r := range e.Requests() {
		if r.T >= from && r.T <= until {
			asked++
		}
	}
	s.values["delay_p50_ms"], s.values["delay_p99_ms"] = ms(quantile(s.delays, .5)), ms(quantile(s.delays, .99))
	s.values["batch_max"] = float64(most)
	s.values["requests_per_message"] = float64(asked) / float64(len(arrivals))
	return s
}

type step struct {
	delays []time.Duration
	values map[string]float64
}

func (s step) late(prompt time.Duration) bool { return quantile(s.delays, .99) > prompt }
