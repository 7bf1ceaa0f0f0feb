package scenarios

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryIdle asks how much silence the path bears, and whether the usual
// heartbeat (for polls: the usual hold) would have saved the exchange.
func DeliveryIdle() Check {
	return Check{
		ID: "delivery/idle", Question: "Does a silent exchange stay alive?",
		Kind: measure.Required, Axis: measure.Delivery, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{silenceTrial()},
		Applies: func(t measure.Technique) bool { return t.Class != measure.ClassPoll },
		Judge:   judgeIdle,
	}
}

func judgeIdle(c Case) Finding {
	bare := c.Evidence["silence"].Parts[0]
	f := Finding{Verdict: measure.Works, Want: []string{"a message after a long silence arrives at once"}, Values: map[string]float64{}}
	f.EndedBy, f.EndKind = bare.EndedBy()
	if bad, failed := openingFailure(c, bare); failed {
		// A busy machine may open so slowly that a scaled limit is over by then.
		over := bare.Scalable && slices.Contains(bare.Refusals(), http.StatusGatewayTimeout)
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got, Doubtful: over}
	}
	if n := bare.SessionsLost(); n > 0 {
		return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("the session was lost %d times, so nothing was silent for long", n)}
	}
	if !c.Technique.Polls() && (len(bare.Sent) == 0 || !openedInTime(bare)) {
		return Finding{Verdict: measure.Untested, Got: "the path holds even the first bytes back, so silence cannot be told from it", Doubtful: overtaken(bare)}
	}
	unscaled := func(d time.Duration) float64 { return math.Round(d.Seconds()/bare.Scale*10) / 10 }
	cut, wasCut := firstCut(bare)
	if !wasCut {
		f.Values["silence_s"] = unscaled(bare.Waited)
		switch {
		case !arrivedInTime(c, bare):
			f.Verdict, f.Cause = measure.Broken, "half-open"
			f.Got = fmt.Sprintf("after %.0f s of silence the exchange looked open and was dead", unscaled(bare.Waited))
			f.Doubtful = true
		case bare.Scalable:
			f.Got = fmt.Sprintf("%.0f s of silence survived", unscaled(bare.Waited))
		default:
			f.Verdict = measure.Skipped
			f.Got = fmt.Sprintf("%s of silence survived; longer limits were not waited for (--max-wait)", short(bare.Waited))
		}
		return f
	}

	limit, _ := silenceLimit(bare)
	f.Doubtful = !bare.Scalable // a crash cuts once; a limit cuts again
	f.Values["idle_limit_s"] = unscaled(limit)
	f.Verdict, f.Cause = measure.Degraded, "idle-timeout"
	f.EndedBy, f.EndKind = "proxy", cut.EndKind
	f.Got = fmt.Sprintf("cut%s after %.1f s of silence", shown(cut), unscaled(limit))
	whole := c.Evidence["silence"]
	kept := whole.part(keptSilence)
	if kept == nil {
		return f
	}
	if again := whole.part(sameSilence); again != nil {
		if _, cutAgain := firstCut(again); !cutAgain && arrivedInTime(c, again) {
			delete(f.Values, "idle_limit_s")
			f.Values["cut_after_s"] = unscaled(limit)
			f.Cause = "reload"
			f.Doubtful = bare.Scalable // on a busy machine a cut may come late
			f.Got += fmt.Sprintf(", once: %.1f s of the same silence on the same path were then survived, so it was no limit but a reload or restart", unscaled(again.Waited))
			return f
		}
	}
	if c.Technique.Polls() {
		return judgeHold(c, f, cut, kept, unscaled(limit))
	}
	keptLimit, keptCut := silenceLimit(kept)
	heartbeat := unscaled(kept.Heartbeat)
	switch {
	case !keptCut && arrivedInTime(c, kept):
		f.Values["heartbeat_enough_s"] = heartbeat
		f.Got += fmt.Sprintf("; a heartbeat every %.3g s keeps it alive; %s", heartbeat, whatCounts(c, whole, false))
	case keptCut && c.Technique.Class == measure.ClassSocket && saidSaves(c, whole):
		f.Got += fmt.Sprintf("; pings do not keep it alive, messages every %.3g s do: %s", heartbeat, whatCounts(c, whole, true))
	case keptCut && heartbeatsSeen(kept) > 0 && noLater(keptLimit, limit):
		f.Values["duration_limit_s"] = unscaled(keptLimit)
		delete(f.Values, "idle_limit_s")
		f.Cause, f.Got = durationCause(whole, cut), fmt.Sprintf("cut%s after %.1f s, heartbeats or not", shown(cut), unscaled(keptLimit))
		if f.Cause == "h2-reset" {
			f.Got += "; the stream alone was reset, and over HTTP/1.1 the same exchange lives longer"
		}
	default:
		f.Got += fmt.Sprintf("; not even a heartbeat every %.3g s keeps it alive", heartbeat)
		f.Doubtful = true
	}
	return f
}

// judgeHold says whether a poll that is answered after the usual hold escapes
// the limit that cuts a poll held for longer. If so, nothing is wrong.
func judgeHold(c Case, f Finding, cut measure.Event, kept *Evidence, limit float64) Finding {
	if _, keptCut := firstCut(kept); !keptCut && arrivedInTime(c, kept) {
		f.Verdict, f.Cause = measure.Works, ""
		f.Got += fmt.Sprintf("; the usual hold of %.0f s ends before that", usualHold.Seconds())
		return f
	}
	if tooClose(kept, limit) {
		f.Verdict, f.Cause = measure.Works, ""
		f.Got += fmt.Sprintf("; the usual hold of %.0f s is shorter, by less than could be tried at this time scale", usualHold.Seconds())
		return f
	}
	if cut.Status != 0 {
		f.Cause = "first-byte-timeout"
	}
	f.Got += fmt.Sprintf("; the usual hold of %.0f s does not end before that", usualHold.Seconds())
	if interim := c.Evidence["silence"].part(heldSilence); interim != nil {
		if _, cut := firstCut(interim); cut {
			f.Got += "; 102 answers meanwhile do not count"
		} else if arrivedInTime(c, interim) {
			f.Got += "; any bytes count: 102 answers meanwhile keep it alive"
		}
	}
	f.Doubtful = limit > usualHold.Seconds() // it should have
	return f
}

// tooClose reports that a limit, in seconds, is above the usual hold, but by so
// little in scaled time that a busy machine alone makes the answer come too late.
func tooClose(kept *Evidence, limit float64) bool {
	over := limit - usualHold.Seconds()
	return over > usualHold.Seconds()/10 && over*kept.Scale < holdSlack.Seconds()
}

// holdSlack is what a busy machine may add to a hold.
const holdSlack = 100 * time.Millisecond

// openedInTime reports whether the hello came while nothing had been sent yet.
func openedInTime(e *Evidence) bool {
	for _, ev := range e.Client {
		if ev.Kind == measure.Prelude {
			return len(e.Sent) == 0 || time.UnixMicro(ev.T).Before(e.Sent[0].Due)
		}
	}
	return false
}

// overtaken reports whether a scaled limit may have been over before this
// machine got the first bytes through: the exchange was cut, or they did not
// come even when the origin ended, as what is only held back does.
func overtaken(e *Evidence) bool {
	_, cut := firstCut(e)
	return e.Scalable && (cut || !has(measure.Prelude)(e.Client))
}

func arrivedInTime(c Case, e *Evidence) bool {
	for _, a := range e.Arrivals() {
		if a.At.IsZero() || a.Delay > c.Limits.Late {
			return false
		}
	}
	return len(e.Sent) > 0
}

func heartbeatsSeen(e *Evidence) int { return len(ofKind(e.Origin, measure.Heartbeat)) }

// noLater reports whether an exchange with heartbeats was cut as soon as the
// silent one, give or take a heartbeat's worth and some scheduling. If it was
// cut sooner, the silent one was measured on a busy machine.
func noLater(kept, silent time.Duration) bool { return kept < silent+silent/4+50*time.Millisecond }
