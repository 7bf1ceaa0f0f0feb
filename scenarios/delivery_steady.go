package scenarios

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliverySteady asks whether small, well spaced messages arrive one by one,
// in time, all of them and in order.
func DeliverySteady() Check {
	return Check{
		ID: "delivery/steady", Question: "Do small messages arrive one by one, in time?",
		Kind: measure.Required, Axis: measure.Delivery, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{steadyTrial()},
		Judge: func(c Case) Finding {
			return judgeDelivery(c, c.Evidence["steady"], false)
		},
	}
}

// judgeDelivery holds the arrivals of one exchange against the limits.
func judgeDelivery(c Case, e *Evidence, burst bool) Finding {
	f := Finding{Want: []string{
		fmt.Sprintf("each of %d messages within %s", len(e.Sent), short(c.Limits.Prompt)), "none lost, doubled, out of order or altered",
	}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
		return f
	}
	f.Values = deliveryValues(e)
	if ctl := c.Control["steady"]; ctl != nil {
		f.Values["control_p99_ms"] = ms(quantile(delays(ctl.Arrivals()), .99))
	}
	arrivals, n := e.Arrivals(), e.Counts()
	late := 0
	f.Verdict = measure.Works
	for _, a := range arrivals {
		if a.At.IsZero() {
			continue
		}
		v := c.Limits.Verdict(a.Delay)
		if v != measure.Works {
			late++
		}
		f.Verdict = measure.Worse(f.Verdict, v)
	}
	switch {
	case e.FromCache() && (n.Lost+n.Duplicated+n.Reordered > 0 || late > 0):
		f.Verdict, f.Cause = measure.Broken, "cached"
		f.Got = fmt.Sprintf("%d lost, %d doubled, %d late: the client was given more good answers than the origin gave", n.Lost, n.Duplicated, late)
	case e.Malformed() > 0:
		f.Verdict, f.Cause = measure.Broken, "corrupted"
		f.Values["malformed"] = float64(e.Malformed())
		f.Got = fmt.Sprintf("%d pieces that the origin did not send stood between the messages%s", e.Malformed(), excerpt(e))
	case n.Lost > 0:
		d := diagnoseMissing(c, e, burst)
		f.Verdict, f.Cause = measure.Broken, d.cause
		f.Got = fmt.Sprintf("%d of %d messages lost; %s", n.Lost, n.Sent, d.got)
		maps.Copy(f.Values, d.values)
	case n.Duplicated+n.Reordered+n.Altered > 0:
		f.Verdict, f.Cause = measure.Broken, "corrupted"
		f.Got = fmt.Sprintf("%d doubled, %d out of order, %d with other data than was sent", n.Duplicated, n.Reordered, n.Altered)
	case late > 0:
		d := diagnoseDelay(c, e)
		f.Cause, f.Got = d.cause, d.got
		maps.Copy(f.Values, d.values)
		f.Doubtful = !d.certain && (late*3 <= len(arrivals) || f.Verdict == measure.Degraded || d.cause == "unknown" || d.cause == "origin-slow")
	default:
		f.Got = fmt.Sprintf("all %d, at most %s late", n.Received, short(quantile(delays(arrivals), 1)))
	}
	return f
}

// diagnoseMissing explains messages that never arrived: the path cut the
// exchange, or still holds them, or lost them.
func diagnoseMissing(c Case, e *Evidence, burst bool) diagnosis {
	if by, _ := e.EndedBy(); by == "proxy" {
		if end, ok := e.End(); ok && (e.Released.IsZero() || end.T < e.Released.UnixMicro()) {
			if c.App != nil {
				return whyCut(c, e)
			}
			return diagnoseCut(e, c.Technique, burst)
		}
	}
	if d, slow := slowPath(e); slow {
		return d
	}
	if answers, kind := cutAnswers(c, e); answers > 0 {
		return diagnosis{cause: "max-bytes", got: fmt.Sprintf("the path cut %d answers in their middle (%s)%s", answers, kind, excerpt(e))}
	}
	if n := cutMidway(c, e); n > 0 {
		d := diagnosis{cause: "max-duration", got: fmt.Sprintf("the path cut the exchange %s, and what was under way did not come when the client was back%s", times(n), excerpt(e))}
		if burst {
			d.cause = "max-bytes"
		}
		return d
	}
	if n := e.Counts(); n.Received == 0 || e.SessionsLost() > 0 {
		return diagnoseDelay(c, e)
	}
	if d, thrown := thrownAway(c, e); thrown {
		return d
	}
	// An application ends by itself, right behind its last message: what comes
	// after that was not set free by it.
	_, after := splitAtRelease(batches(e.Arrivals()), e.Released)
	if len(after) > 0 && c.App == nil || silentEnd(e) {
		return diagnosis{cause: "half-open", got: "the path stopped passing anything on and did not close", values: nil}
	}
	return diagnosis{cause: "corrupted", got: "the exchange went on without them"}
}

// cutAnswers counts the answers to polls that the path cut in their middle: the
// origin writes each at once, so that only its size can have been too much.
func cutAnswers(c Case, e *Evidence) (n int, kind measure.EndKind) {
	if !c.Technique.Polls() || c.App != nil {
		return 0, ""
	}
	answering := false
	for _, ev := range beforeRelease(e) {
		switch {
		case ev.Kind == measure.Headers:
			answering = ev.Status == http.StatusOK
		case ev.Kind == measure.End && answering && (ev.EndKind == measure.EndFIN || ev.EndKind == measure.EndRST):
			n, kind = n+1, ev.EndKind
		}
	}
	return n, kind
}

// cutMidway counts how often the path cut a stream or socket that the client
// opened anew each time: the ends that were no whole ones. Those that the origin
// made itself are none, if they look so over the direct path, too.
func cutMidway(c Case, e *Evidence) int {
	if c.App != nil || e.Asked > 0 || c.Technique.Polls() {
		return 0
	}
	n := brokenEnds(e)
	if ctl := c.Control[e.Trial]; ctl != nil && brokenEnds(ctl) == 0 {
		return n
	}
	for _, o := range e.Origin {
		if o.Kind == measure.End && (e.Released.IsZero() || o.T < e.Released.UnixMicro()) {
			n--
		}
	}
	return max(0, n)
}

// brokenEnds counts the ends before the release that no whole answer has.
func brokenEnds(e *Evidence) int {
	n := 0
	for _, ev := range beforeRelease(e) {
		if ev.Kind == measure.End && (ev.EndKind == measure.EndFIN || ev.EndKind == measure.EndRST) && !closedOnly(e, ev) {
			n++
		}
	}
	return n
}

// thrownAway recognises what a path held when the origin broke off, and never
// passed on: the last messages, of an answer that did not end as a whole one.
func thrownAway(c Case, e *Evidence) (diagnosis, bool) {
	end, ended := e.End()
	if !ended || c.App != nil || c.Technique.Polls() || e.Released.IsZero() || end.EndKind == measure.EndClean || end.T < e.Released.UnixMicro() {
		return diagnosis{}, false
	}
	arrivals := e.Arrivals()
	lost := slices.IndexFunc(arrivals, func(a Arrival) bool { return a.At.IsZero() })
	if lost < 0 || slices.ContainsFunc(arrivals[lost:], func(a Arrival) bool { return !a.At.IsZero() }) {
		return diagnosis{}, false
	}
	d := diagnosis{cause: "buffered", got: fmt.Sprintf("the last %d were held, and thrown away when the origin broke off", len(arrivals)-lost)}
	if enc := compressedOnTheWay(c, e); enc != "" {
		d.cause = "compression"
		d.got += "; compressed on the way (" + enc + ")"
	}
	return d, true
}

// silentEnd reports whether the client was still waiting when the trial ended.
func silentEnd(e *Evidence) bool {
	_, ended := e.End()
	return !ended
}
