package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingResume asks whether a stream that breaks off in its middle goes on
// without loss, and how long it is away.
func EndingResume() Check {
	return Check{
		ID: "ending/resume", Question: "Is anything lost when the stream is cut in its middle and the client comes back?",
		Kind: measure.Required, Axis: measure.Ending, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials:  []Trial{brokenTrial()},
		Applies: func(t measure.Technique) bool { return !t.Polls() },
		Judge:   func(c Case) Finding { return judgeResume(c, c.Evidence[brokenName]) },
	}
}

// clientRetry is what a client waits at most before it comes back: measure's
// Retry of a trial's subscriptions.
const clientRetry = 100 * time.Millisecond

func judgeResume(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Want: []string{"every message exactly once and in order across cuts"}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
		return f
	}
	all, n := cuts(e), e.Counts()
	away := gaps(all)
	f.Values = map[string]float64{
		"sent": float64(n.Sent), "received": float64(n.Received), "lost": float64(n.Lost), "duplicated": float64(n.Duplicated),
		"reordered": float64(n.Reordered), "altered": float64(n.Altered), "cuts": float64(len(all)), "resumed": float64(len(away)),
	}
	if len(away) > 0 {
		f.Values["gap_p50_ms"], f.Values["gap_max_ms"] = ms(quantile(away, .5)), ms(quantile(away, 1))
	}
	switch {
	case len(all) == 0:
		f.Verdict, f.Got = measure.Untested, "the stream was never cut, so nothing can be said"
	case n.Lost+n.Duplicated+n.Reordered+n.Altered > 0:
		f.Verdict = measure.Broken
		cause, why := diagnoseUnresumed(c, e, all)
		f.Cause = cause
		f.Got = fmt.Sprintf("%d lost, %d doubled, %d out of order, %d altered over %d cuts; %s", n.Lost, n.Duplicated, n.Reordered, n.Altered, len(all), why)
	default:
		judgeGap(c, e, all, &f)
	}
	return f
}

// judgeGap judges how long the client was away. What the quickest messages take
// on this path anyway is no part of it, and what the client itself takes is
// what it took over the direct path.
func judgeGap(c Case, e *Evidence, all []cut, f *Finding) {
	worst := quantile(gaps(all), 1)
	usual := quantile(delays(e.Arrivals()), .1)
	f.Got = fmt.Sprintf("all %d once and in order over %d cuts; at most %s away", e.Counts().Received, len(all), short(worst))
	if c.Control == nil {
		return // there is nobody here but the client
	}
	allowed := c.Limits.Prompt + clientRetry
	if ctl := c.Control[brokenName]; ctl != nil {
		allowed = max(allowed, 2*quantile(gaps(cuts(ctl)), 1))
	}
	f.Want = append(f.Want, fmt.Sprintf("the client is back within %s", short(allowed)))
	if worst-2*usual <= allowed {
		return
	}
	f.Verdict, f.Doubtful = measure.Degraded, true
	f.Cause = "unknown"
	i := slices.IndexFunc(all, func(k cut) bool { g, ok := k.gap(); return ok && g == worst })
	if k := all[i]; k.wasTold() {
		if told := time.UnixMicro(k.told.T).Sub(k.at); told-usual > allowed/2 {
			f.Cause = "half-open"
			f.Got += fmt.Sprintf("; the path told the client of the cut only after %s", short(told))
			return
		}
	}
	if n := len(e.Refusals()); n > 0 {
		f.Cause = "error-page"
		f.Got += fmt.Sprintf("; the path itself answered %d times with an error (status %s)", n, statuses(e.Refusals()))
	}
}

// diagnoseUnresumed says why messages were lost or came wrong over cuts.
func diagnoseUnresumed(c Case, e *Evidence, all []cut) (cause, why string) {
	last := all[len(all)-1]
	first, hello := int64(0), ofKind(e.Client, measure.Prelude)
	if len(hello) > 0 {
		first = hello[0].T
	}
	switch {
	case e.FromCache():
		return "cached", "the client was given more good answers than the origin gave"
	case first == 0 || first > all[0].at.UnixMicro()+clockSlack.Microseconds():
		return "buffered", "when the stream was cut, not even its first bytes had reached the client, so that it knew no position to come back with"
	case askedByPath(e) > 0:
		return "request-repeated", fmt.Sprintf("after a cut the path asked the origin by itself, %s, and went on with that answer in the same stream", times(askedByPath(e)))
	case last.back.IsZero() && !last.wasTold():
		return "half-open", "the path kept the client's side open after the cut, so that it did not come back"
	case last.back.IsZero() && len(e.Refusals()) > 0:
		refused := e.Refusals()
		cause = "error-page"
		if noPlace(refused[len(refused)-1]) {
			cause = "connection-limit"
		}
		return cause, fmt.Sprintf("coming back, the client was refused by the path itself (status %s)", statuses(refused))
	}
	if late := latestTold(all); late > c.Limits.Late {
		return "half-open", fmt.Sprintf("the path told the client of a cut only after %s", short(late))
	}
	return "corrupted", "the client had come back with its position"
}

// latestTold is the longest time that the client was left in the belief that
// its stream was alive.
func latestTold(all []cut) time.Duration {
	var worst time.Duration
	for _, k := range all {
		if k.wasTold() {
			worst = max(worst, time.UnixMicro(k.told.T).Sub(k.at))
		}
	}
	return worst
}

// askedByPath is how many requests of one stream's reached the origin beyond the
// client's first and those with which it came back, or was answered.
func askedByPath(e *Evidence) int {
	own := max(1+len(ofKind(e.Client, measure.Reconnect)), len(e.Headers()))
	return max(0, len(e.Requests())-own)
}
