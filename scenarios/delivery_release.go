package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryRelease asks of what is held back whether it comes out by itself
// while the origin goes on: a filter that scans lets go after some twenty
// seconds, a buffer never.
func DeliveryRelease() Check {
	return Check{
		ID: "delivery/release", Question: "Does what is held back come out before the origin ends, and after how long?",
		Kind: measure.Observe, Axis: measure.Delivery, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{steadyTrial()},
		Further: whenHeld(lastingTrial),
		Applies: func(t measure.Technique) bool { return t.Class == measure.ClassStream },
		Judge: func(c Case) Finding {
			e := c.Evidence[lastingName].part(firstLife)
			if e == nil {
				return Finding{Verdict: measure.Untested, Got: "nothing is held back"}
			}
			return judgeRelease(c, e)
		},
	}
}

func judgeRelease(c Case, e *Evidence) Finding {
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	f := judgeDelivery(c, e, false)
	if f.Verdict == measure.Works || len(e.Sent) == 0 {
		return f
	}
	before, after := splitAtRelease(batches(e.Arrivals()), e.Released)
	switch {
	case len(before) == 0 && len(after) > 0:
		f.Got = fmt.Sprintf("nothing in %s, then everything when the origin ended", short(e.Released.Sub(e.Sent[0].Due)))
	case f.Cause == "prelude-dependent": // by bytes, not by time
	case len(before) > 1 && releasedOnce(before, c.Limits.Prompt):
		opened := before[0].at.Sub(acceptedAt(e))
		f.Cause = "scan"
		f.Values["released_after_ms"] = ms(opened)
		f.Got = fmt.Sprintf("after %s the first %d messages came together, and each at once from then on", short(opened), len(before[0].arrivals))
	}
	return f
}

// releasedOnce reports whether a first batch was followed by prompt single
// messages only.
func releasedOnce(before []batch, prompt time.Duration) bool {
	for _, b := range before[1:] {
		if len(b.arrivals) > 1 || b.newest() > prompt {
			return false
		}
	}
	return true
}

// acceptedAt is when the origin took the request on.
func acceptedAt(e *Evidence) time.Time {
	if reqs := e.Requests(); len(reqs) > 0 {
		return time.UnixMicro(reqs[0].T)
	}
	return e.Started
}
