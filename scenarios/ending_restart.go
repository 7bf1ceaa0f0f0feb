package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingRestart asks how a client gets over a restart of the origin: one that
// ends its streams first, and one that is killed.
func EndingRestart() Check {
	return Check{
		ID: "ending/server-restart", Question: "How long does it take until messages flow again after a restart of the origin?",
		Kind: measure.Observe, Axis: measure.Ending, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials: []Trial{restartTrial()},
		Judge:  func(c Case) Finding { return judgeRestart(c, c.Evidence[restartName]) },
	}
}

func judgeRestart(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}}
	f.Want = []string{fmt.Sprintf("the client is back within %s of the origin", short(restartWait))}
	var words []string
	for _, p := range e.Parts {
		if bad, failed := openingFailure(c, p); failed || p.Disturbed.IsZero() {
			return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
		}
		n := p.Counts()
		f.Values[p.Part+"_down_ms"] = ms(p.Restored.Sub(p.Disturbed))
		f.Values[p.Part+"_lost"] = float64(n.Lost)
		f.Values[p.Part+"_gap_notices"] = float64(len(ofKind(p.Client, measure.Gap)))
		if told, ok := disturbance(p); ok {
			f.Values[p.Part+"_told_ms"] = ms(time.UnixMicro(told.T).Sub(p.Disturbed))
		}
		back, ok := recovered(p)
		if ok {
			f.Values[p.Part+"_recover_ms"] = ms(back)
			words = append(words, fmt.Sprintf("%s: messages again %s after the origin was back, %d lost", p.Part, short(back), n.Lost))
			continue
		}
		why := ""
		f.Verdict = measure.Broken
		f.Cause, why = whyAway(p)
		words = append(words, fmt.Sprintf("%s: not within %s, %s", p.Part, short(restartWait), why))
	}
	f.Got = strings.Join(words, "; ")
	return f
}

// recovered is how long after the origin was back the first of its messages
// arrived.
func recovered(e *Evidence) (time.Duration, bool) {
	for _, a := range e.Arrivals() {
		if !a.At.IsZero() && !a.At.Before(e.Restored) {
			return a.At.Sub(e.Restored), true
		}
	}
	return 0, false
}

// whyAway says why a client did not come back to an origin that had been away.
func whyAway(e *Evidence) (cause, why string) {
	refused := slices.DeleteFunc(e.Headers(), func(h measure.Event) bool { return h.T < e.Disturbed.UnixMicro() || h.Status < 400 })
	_, told := disturbance(e)
	switch {
	case len(refused) > 0 && len(ofKind(e.Client, measure.Reconnect)) <= 1:
		return "error-page", fmt.Sprintf("for the client gave up when the path answered with status %d meanwhile", refused[0].Status)
	case len(refused) > 0:
		return "error-page", fmt.Sprintf("the path went on to answer with status %d", refused[len(refused)-1].Status)
	case !told && len(e.Requests()) <= 1:
		return "half-open", "for the client was not told that the origin had gone"
	}
	return "unknown", "although it tried"
}
