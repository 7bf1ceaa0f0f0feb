package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingAbort asks whether the origin learns that a client has left, and when.
func EndingAbort() Check {
	return Check{
		ID: "ending/abort", Question: "Does the origin learn that the client left?",
		Kind: measure.Optimal, Axis: measure.Ending, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{abortTrial()},
		Applies: func(t measure.Technique) bool { return t.Class != measure.ClassPoll },
		Judge: func(c Case) Finding {
			f := Finding{Verdict: measure.Works, EndedBy: "client", Values: map[string]float64{},
				Want: []string{fmt.Sprintf("the origin notices within %s, without having to write", short(abortWait))}}
			silent := c.Evidence["abort"].Parts[0]
			if bad, failed := openingFailure(c, silent); failed && !silent.Attached {
				return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
			}
			if n := silent.SessionsLost(); n > 0 {
				return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("the session was lost %d times, so nothing was held when the client left", n)}
			}
			if c.Technique.Polls() && !heldAt(silent, silent.Left) {
				return Finding{Verdict: measure.Untested, Got: "no request was being held when the client left, so there was nothing to notice", Doubtful: true}
			}
			for i, name := range []string{"silent", "active"} {
				if i < len(c.Evidence["abort"].Parts) {
					f.Values["abort_"+name+"_ms"] = abortDelay(c.Evidence["abort"].Parts[i])
				}
			}
			delay := f.Values["abort_silent_ms"]
			switch {
			case delay < 0:
				f.Verdict, f.Cause = measure.Broken, "client-abort-not-propagated"
				f.Got = "never, not even when it wrote again"
			case delay > ms(abortWait):
				f.Verdict, f.Cause = measure.Degraded, "client-abort-not-propagated"
				f.Got = "only when it wrote again"
			default:
				f.Got = fmt.Sprintf("after %.0f ms", delay)
			}
			return f
		},
	}
}

// heldAt reports whether the origin had a request at that moment which it had
// not answered yet: a session of polls has none between two of them.
func heldAt(e *Evidence, t time.Time) bool {
	open := map[int]bool{}
	for _, o := range e.Origin {
		switch {
		case o.T > t.UnixMicro():
		case o.Kind == measure.Headers:
			open[o.Sub] = true
		case o.Kind == measure.End:
			delete(open, o.Sub)
		}
	}
	return len(open) > 0
}

// abortDelay is the time from leaving to the origin's notice, -1 for never.
func abortDelay(e *Evidence) float64 {
	if e.Left.IsZero() {
		return -1
	}
	for _, o := range e.Origin {
		if o.Kind == measure.AbortNoticed {
			return ms(max(0, time.UnixMicro(o.T).Sub(e.Left)))
		}
	}
	return -1
}
