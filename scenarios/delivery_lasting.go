package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryLasting asks whether an exchange that is busy all the time is still
// there after some time. How much silence it bears is delivery/idle's question.
func DeliveryLasting() Check {
	return Check{
		ID: "delivery/lasting", Question: fmt.Sprintf("Is a busy exchange still alive after %.0f s?", usualLife.Seconds()),
		Kind: measure.Required, Axis: measure.Delivery, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{lastingTrial()},
		Applies: func(t measure.Technique) bool { return !t.Polls() && !t.EndsItself },
		Judge:   func(c Case) Finding { return judgeLasting(c, c.Evidence[lastingName]) },
	}
}

func judgeLasting(c Case, e *Evidence) Finding {
	first, next := e.part(firstLife), e.part(nextLife)
	if bad, failed := openingFailure(c, first); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}, Want: []string{fmt.Sprintf("a message every second for %s, on one exchange", short(usualLife))}}
	f.EndedBy, f.EndKind = first.EndedBy()
	n := first.Counts()
	f.Values["sent"], f.Values["received"], f.Values["lost"] = float64(n.Sent), float64(n.Received), float64(n.Lost)
	death, died := killed(first)
	switch {
	case died:
		d := diagnoseCut(first, c.Technique, false)
		f.Verdict, f.Cause = measure.Degraded, d.cause
		f.Values["lived_ms"] = ms(death.after)
		f.Got = fmt.Sprintf("cut%s after %s, in the midst of messages", shown(measure.Event{EndKind: death.kind}), short(death.after))
		if next == nil {
			break
		}
		if again, diedAgain := killed(next); diedAgain {
			f.Got += fmt.Sprintf("; the next one after %s", short(again.after))
		} else if next.Attached {
			f.Cause = "reload"
			f.Got += "; the next one on the same path lived longer, so it was no limit but a reload or restart"
		}
	case n.Lost > 0 && n.Received > 0 && silentEnd(first):
		f.Verdict, f.Cause = measure.Broken, "half-open"
		f.Got = fmt.Sprintf("%d of %d messages arrived, then nothing more, and nobody closed", n.Received, n.Sent)
		f.Doubtful = true
	case n.Lost > 0:
		return Finding{Verdict: measure.Untested, Values: f.Values, Got: fmt.Sprintf("%d of %d messages did not come: a matter of delivery/steady", n.Lost, n.Sent)}
	default:
		f.Got = fmt.Sprintf("%d messages over %s, and still alive", n.Received, short(first.Released.Sub(acceptedAt(first))))
	}
	return f
}
