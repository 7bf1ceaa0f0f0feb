package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingReload asks whether an exchange survives that the path reads its
// configuration again.
func EndingReload() Check {
	return Check{
		ID: "ending/reload", Question: "Does the exchange survive a reload of the path?",
		Kind: measure.Optimal, Axis: measure.Ending, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials: []Trial{reloadTrial()},
		Judge:  func(c Case) Finding { return judgeReload(c, c.Evidence[reloadName]) },
	}
}

func judgeReload(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Want: []string{"the exchange goes on, or the client comes back and nothing is lost"}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed || e.Disturbed.IsZero() {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	n := e.Counts()
	watched := e.Released.Sub(e.Disturbed)
	f.Values = map[string]float64{
		"sent": float64(n.Sent), "received": float64(n.Received), "lost": float64(n.Lost), "duplicated": float64(n.Duplicated),
		"reordered": float64(n.Reordered), "reload_ms": ms(e.Restored.Sub(e.Disturbed)), "watched_ms": ms(watched),
	}
	cut, wasCut := disturbance(e)
	if wasCut {
		f.EndedBy, f.EndKind = "proxy", cut.EndKind
		f.Values["cut_after_ms"] = ms(time.UnixMicro(cut.T).Sub(e.Disturbed))
		if away, ok := awayAfter(e, cut); ok {
			f.Values["gap_ms"] = ms(away)
		}
	}
	switch {
	case n.Lost+n.Duplicated+n.Reordered > 0 && wasCut:
		f.Verdict, f.Cause = measure.Broken, "reload"
		f.Got = fmt.Sprintf("cut%s %.0f ms after the reload; %d lost, %d doubled, %d out of order", shown(cut), f.Values["cut_after_ms"], n.Lost, n.Duplicated, n.Reordered)
	case n.Lost+n.Duplicated+n.Reordered > 0:
		d := diagnoseMissing(c, e, false)
		f.Verdict, f.Cause, f.Doubtful = measure.Broken, d.cause, true
		f.Got = fmt.Sprintf("%d lost, %d doubled, %d out of order around a reload; %s", n.Lost, n.Duplicated, n.Reordered, d.got)
	case wasCut:
		f.Verdict, f.Cause = measure.Degraded, "reload"
		f.Doubtful = c.Technique.EndsItself // it had just begun or was about to end
		f.Got = fmt.Sprintf("cut%s %.0f ms after the reload; the client came back after %.0f ms, and nothing was lost", shown(cut), f.Values["cut_after_ms"], f.Values["gap_ms"])
	default:
		f.Got = fmt.Sprintf("nothing was cut or lost in the %s that were watched", short(watched))
	}
	return f
}

// disturbance is the event by which the client learned that the path had ended
// its exchange, once the trial had begun to disturb it. What the origin ended
// itself is none.
func disturbance(e *Evidence) (measure.Event, bool) {
	for _, ev := range e.Client {
		if ev.T < e.Disturbed.UnixMicro() || !e.Released.IsZero() && ev.T >= e.Released.UnixMicro() {
			continue
		}
		trouble := ev.Kind == measure.Failed && !malformed(ev) || ev.Kind == measure.End && ev.Note == "" && (ev.EndKind != measure.EndClean || !answeredBefore(e, ev))
		if trouble {
			return ev, true
		}
	}
	return measure.Event{}, false
}

// answeredBefore reports whether the origin had ended an answer of its own
// shortly before a client's end event: a poll's, as ever.
func answeredBefore(e *Evidence, end measure.Event) bool {
	answers, ends := 0, 0
	for _, o := range e.Origin {
		if o.Kind == measure.End && o.T <= end.T+clockSlack.Microseconds() {
			answers++
		}
	}
	for _, ev := range e.Client {
		if ev.Kind == measure.End && ev.T <= end.T {
			ends++
		}
	}
	return answers >= ends
}

// awayAfter is how long it took from a cut until the client had an answer
// again.
func awayAfter(e *Evidence, cut measure.Event) (time.Duration, bool) {
	for _, ev := range e.Client {
		if ev.T > cut.T && (ev.Kind == measure.Headers && ev.Status < 400 || ev.Kind == measure.Prelude || ev.Kind == measure.Received) {
			return time.Duration(ev.T-cut.T) * time.Microsecond, true
		}
	}
	return 0, false
}
