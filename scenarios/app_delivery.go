package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// judgeAppFirst counts from when the application sent its first message, and
// holds the whole wait against what its owner expects.
func judgeAppFirst(c Case, e *Evidence) Finding {
	if f, ok := nothingSent(c, e); ok {
		return f
	}
	f := judgeFirst(c, e)
	arrivals := e.Arrivals()
	within := time.Duration(c.App.Expect.FirstWithin)
	if arrivals[0].At.IsZero() {
		return f
	}
	waited, own := arrivals[0].At.Sub(e.Started), arrivals[0].Due.Sub(e.Started)
	f.Values["first_after_request_ms"] = ms(waited)
	f.Got = fmt.Sprintf("%s after the request, %s of it on the path", short(waited), short(arrivals[0].Delay))
	if within > 0 {
		f.Want = append(f.Want, fmt.Sprintf("within %s of the request", short(within)))
		if waited > within {
			f.Verdict = measure.Broken
			if own > within {
				f.Cause = "origin-slow"
			} else if f.Cause == "" {
				f.Cause = diagnoseDelay(c, e).cause
			}
		}
	}
	return e.onePiece(f)
}

// judgeAppSteady holds every arrival against when its message was sent.
func judgeAppSteady(c Case, e *Evidence) Finding {
	if f, ok := nothingSent(c, e); ok {
		return f
	}
	f := judgeDelivery(c, e, false)
	if f.Values != nil {
		f.Got += "; sent: " + e.provenance()
	}
	if n := malformedIn(e.Origin); n > 0 {
		f.Got += fmt.Sprintf("; %d pieces that the application itself sent are none of its framing", n)
	}
	arrivals := e.Arrivals()
	switch {
	case e.sentBefore(c):
		f.Verdict, f.Cause = measure.Broken, "cached"
		f.Got = fmt.Sprintf("by their own send times all %d messages were sent before they were asked for: an answer that was given before", len(arrivals))
	case f.Verdict == measure.Broken:
	case e.surpluses() > 0:
		f.Verdict, f.Cause = measure.Broken, "corrupted"
		f.Got = fmt.Sprintf("%d messages arrived that the application did not send", e.surpluses())
	case e.replayed(c):
		f.Verdict, f.Cause = measure.Broken, "cached"
		f.Got = fmt.Sprintf("all %d messages came within %s, which over the first path take %s: an answer that was given before", len(arrivals), short(e.lasted()), short(c.leastOverFirstPath()))
	case e.heldToTheEnd(arrivals) && e.spread() >= leastSpread:
		// A longer answer would be held for longer: that this one was short
		// enough to pass for late is no merit of the path.
		if f.Verdict == measure.Works {
			d := diagnoseDelay(c, e)
			f.Cause, f.Got, f.Doubtful = d.cause, d.got, true
		}
		f.Verdict = measure.Broken
	case f.Verdict == measure.Works && behindByOne(arrivals):
		// So would longer gaps be longer delays.
		f.Verdict, f.Cause, f.Doubtful = measure.Degraded, "hold-last", true
		f.Got = fmt.Sprintf("each message arrived when the next was sent, the last when the application ended or went on; at most %s late as quickly as they follow each other here", short(quantile(delays(arrivals), 1)))
	}
	return e.onePiece(f)
}

// onePiece takes back that all is well where a stream would not differ from an
// answer in one piece.
func (e *Evidence) onePiece(f Finding) Finding {
	spread := e.spread()
	if f.Verdict != measure.Works || spread >= leastSpread {
		return f
	}
	what := "the only message was sent"
	if n := len(e.Sent); n > 1 {
		what = fmt.Sprintf("all %d messages were sent", n)
	}
	return Finding{Verdict: measure.Untested, Values: f.Values, EndedBy: f.EndedBy, EndKind: f.EndKind, Got: fmt.Sprintf(
		"cannot be told: %s, and the answer ended, within %s, too close for a stream to differ from one piece", what, short(spread))}
}

// leastSpread is how far apart the sending of the first message and the end
// must be for one piece at the end to show that somebody waited.
const leastSpread = 100 * time.Millisecond

// spread is the time from the sending of the first message to the end of the
// answer, or of our listening: what a path that waits for the end takes away.
func (e *Evidence) spread() time.Duration {
	first, last := e.Sent[0].Due, e.Sent[len(e.Sent)-1].Due
	ends := []time.Time{e.Released, e.Left}
	if end, ended := e.End(); ended && !e.read() {
		ends = append(ends, time.UnixMicro(end.T))
	}
	for _, end := range ends {
		if end.After(last) {
			last = end
		}
	}
	return last.Sub(first)
}

// heldToTheEnd reports whether messages came, none before the answer ended, and
// closer together, the end included, than they were sent: a path that is only
// slow keeps the distances.
func (e *Evidence) heldToTheEnd(arrivals []Arrival) bool {
	all := batches(arrivals)
	if len(all) == 0 || e.Released.IsZero() {
		return false
	}
	first, last := all[0].arrivals[0].At, all[len(all)-1].at
	if end, ended := e.End(); ended {
		last = time.UnixMicro(end.T)
	}
	return !first.Before(e.Released) && last.Sub(first) < e.spread()/2
}

// behindByOne recognises a path that passes each message on when the next one
// comes: messages far enough apart, each right behind the sending of the next.
// The last one has no next, so that it comes with the end: on a path that is
// only slow it is as late as all others.
func behindByOne(arrivals []Arrival) bool {
	usual := quantile(delays(arrivals), .5)
	if n := len(arrivals); n == 0 || arrivals[n-1].At.IsZero() || (arrivals[n-1].Delay-usual).Abs() < usual/3 {
		return false
	}
	behind, counted := 0, 0
	for i := 0; i+1 < len(arrivals); i++ {
		a, next := arrivals[i], arrivals[i+1]
		if a.At.IsZero() || next.Due.Sub(a.Due) < 2*triggered {
			continue
		}
		counted++
		if wait := a.At.Sub(next.Due); wait > -triggered/6 && wait < triggered {
			behind++
		}
	}
	return counted >= 3 && behind*10 >= counted*9
}

// nothingSent is the finding for an exchange without a single message.
func nothingSent(c Case, e *Evidence) (Finding, bool) {
	if len(e.Sent) > 0 {
		return Finding{}, false
	}
	if bad, failed := openingFailure(c, e); failed {
		f := Finding{Verdict: measure.Broken, Cause: bad.cause, Got: bad.got}
		f.Doubtful = e.mayChangeItsMind(f)
		return f, true
	}
	if len(ofKind(e.Client, measure.Received)) > 0 {
		return Finding{Verdict: measure.Broken, Cause: "corrupted", Got: "messages arrived that nobody sent" + excerpt(e)}, true
	}
	over := c.firstPathSent()
	switch lacks := lacked(e); {
	case over == 0:
		return Finding{Verdict: measure.Untested, Got: "the application sent nothing"}, true
	case lacks != "":
		return Finding{Verdict: measure.Broken, Cause: droppedCause(lacks),
			Got: fmt.Sprintf("the application sent no message, and %d over the direct path%s: the request came without %s", over, excerpt(e), lacks)}, true
	case e.read():
		return Finding{Verdict: measure.Broken, Cause: "unknown", Doubtful: true,
			Got: fmt.Sprintf("the application itself sent no message, and %d over the direct path%s", over, excerpt(e))}, true
	}
	f := Finding{Verdict: measure.Broken, Cause: "buffered",
		Got: fmt.Sprintf("no message in %s, and %d over the first path%s", short(time.Duration(c.App.Duration)), over, excerpt(e))}
	if _, ended := e.End(); ended {
		f.Cause = "unknown"
		f.Got = fmt.Sprintf("an answer without a single message, and %d over the first path%s", over, excerpt(e))
	}
	return f, true
}

// replayed reports whether an answer whose sending nobody saw came much sooner
// than the application makes one: all of it in a quarter of the least time
// that it took over the first path, message for message as well.
func (e *Evidence) replayed(c Case) bool {
	if e.read() || len(e.Sent) < 3 || e.lasted() >= c.leastOverFirstPath()/4 || c.leastOverFirstPath() < 4*leastSpread {
		return false
	}
	for _, p := range c.Control[appName].exchanges() {
		if e.perMessage() >= p.perMessage()/4 {
			return false
		}
	}
	return true
}

// perMessage is the time that each message took on the average.
func (e *Evidence) perMessage() time.Duration {
	return e.lasted() / time.Duration(max(1, len(ofKind(e.Client, measure.Received))))
}

// sentBefore reports whether messages say themselves that they are older than
// the request, and those over the first path do not.
func (e *Evidence) sentBefore(c Case) bool {
	if e.read() || c.Control == nil || len(e.Sent) == 0 {
		return false
	}
	last := e.Sent[len(e.Sent)-1].Due
	return e.Started.Sub(last) > c.Limits.Late
}

// lasted is the time from the request to the last message.
func (e *Evidence) lasted() time.Duration {
	arrivals := ofKind(e.Client, measure.Received)
	if len(arrivals) == 0 {
		return 0
	}
	return time.UnixMicro(arrivals[len(arrivals)-1].T).Sub(e.Started)
}

// leastOverFirstPath is the shortest time that an answer took there; 0 where
// there is none.
func (c Case) leastOverFirstPath() time.Duration {
	var all []time.Duration
	if ctl := c.Control[appName]; ctl != nil {
		for _, p := range ctl.exchanges() {
			all = append(all, p.lasted())
		}
	}
	return quantile(all, 0)
}
