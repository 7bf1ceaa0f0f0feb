package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryFirst asks how soon the first message gets through.
func DeliveryFirst() Check {
	return Check{
		ID: "delivery/first", Question: "Does the first message arrive at once?",
		Kind: measure.Required, Axis: measure.Delivery, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{steadyTrial()},
		Judge:  func(c Case) Finding { return judgeFirst(c, c.Evidence["steady"]) },
	}
}

func judgeFirst(c Case, e *Evidence) Finding {
	f := Finding{Want: []string{fmt.Sprintf("the first message within %s", short(c.Limits.Prompt))}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
		return f
	}
	first := e.Arrivals()[0]
	if first.At.IsZero() && e.FromCache() {
		f.Verdict, f.Cause, f.Got = measure.Broken, "cached", "the first message never arrived; the client was given more good answers than the origin gave"
		return f
	}
	if first.At.IsZero() {
		d := diagnoseMissing(c, e, false)
		f.Verdict, f.Cause, f.Got = measure.Broken, d.cause, "the first message never arrived; "+d.got
		return f
	}
	f.Values = map[string]float64{"first_ms": ms(first.Delay)}
	f.Got = fmt.Sprintf("after %s", short(first.Delay))
	if f.Verdict = c.Limits.Verdict(first.Delay); f.Verdict != measure.Works {
		f.Cause = diagnoseDelay(c, e).cause
		f.Doubtful = f.Verdict == measure.Degraded
	}
	return f
}
