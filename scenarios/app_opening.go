package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// judgeAppOpening adds to what is asked of every opening what an application
// behind a gateway shows: headers that did not arrive, requests that came
// twice, an answer that was not its own.
func judgeAppOpening(c Case, e *Evidence) Finding {
	f := judgeOpening(c, e)
	lacks := ""
	for _, r := range e.Requests() {
		if _, names, ok := strings.Cut(r.Note, "without "); ok {
			lacks = names
		}
	}
	switch requests := len(e.Requests()); {
	case f.Verdict == measure.Broken && lacks != "" && !e.Attached:
		f.Cause = "header-dropped"
		if strings.Contains(lacks, "Cookie") {
			f.Cause = "cookie-dropped"
		}
		f.Got = fmt.Sprintf("the application itself refused the request%s: it came without %s", excerpt(e), lacks)
	case f.Verdict == measure.Broken && len(e.Origin) > 0 && !e.Attached && c.Technique.Class != measure.ClassSocket && f.Cause == "error-page" && !fromPath(e):
		f.Cause = "unknown"
		f.Got = fmt.Sprintf("the application itself refused the request%s, and did not refuse it over the direct path", excerpt(e))
	case f.Verdict == measure.Works && requests > 1 && e.read():
		f.Verdict, f.Cause = measure.Degraded, "request-repeated"
		f.Values["requests_origin"] = float64(requests)
		f.Got += fmt.Sprintf("; one request of the client's reached the application %d times", requests)
	case f.Verdict == measure.Works && lacks != "":
		f.Got += "; the request came without " + lacks
	}
	return f
}

// read reports whether somebody read along at the application.
func (e *Evidence) read() bool { return e.HTTPUpstream() != "" }

// fromPath reports whether the client was given an error status that the
// application did not answer with.
func fromPath(e *Evidence) bool { return len(e.Refusals()) > 0 }

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
	return f
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
	spread, held := e.heldToTheEnd()
	switch {
	case held && spread >= leastSpread && f.Verdict != measure.Broken:
		// A longer answer would be held for longer: that this one was short
		// enough to pass for late is no merit of the path.
		if f.Verdict == measure.Works {
			f.Doubtful = true
			d := diagnoseDelay(c, e)
			f.Cause, f.Got = d.cause, d.got
		}
		f.Verdict = measure.Broken
	case len(e.Sent) > 1 && spread < leastSpread && f.Verdict == measure.Works:
		return Finding{Verdict: measure.Untested, Values: f.Values, Got: fmt.Sprintf(
			"cannot be told: all %d messages were sent within %s, too close for a stream to differ from one piece", len(e.Sent), short(spread))}
	}
	return f
}

// leastSpread is how far apart the first and the last message must be sent for
// one batch of them to show that somebody waited.
const leastSpread = 100 * time.Millisecond

// heldToTheEnd reports whether several messages came in one batch, not before
// the answer ended, and how far apart they were sent.
func (e *Evidence) heldToTheEnd() (spread time.Duration, held bool) {
	arrivals := e.Arrivals()
	if len(arrivals) < 2 {
		return 0, false
	}
	first, last := arrivals[0], arrivals[len(arrivals)-1]
	spread = last.Due.Sub(first.Due)
	all := batches(arrivals)
	return spread, len(all) == 1 && len(all[0].arrivals) > 2 && !e.Released.IsZero() && !all[0].at.Before(e.Released)
}

// nothingSent is the finding for an exchange without a single message.
func nothingSent(c Case, e *Evidence) (Finding, bool) {
	if len(e.Sent) > 0 {
		return Finding{}, false
	}
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Broken, Cause: bad.cause, Got: bad.got}, true
	}
	if len(ofKind(e.Client, measure.Received)) > 0 {
		return Finding{Verdict: measure.Broken, Cause: "corrupted", Got: "messages arrived that nobody sent" + excerpt(e)}, true
	}
	if ctl := c.Control[appName]; ctl != nil && len(ctl.exchanges()[0].Sent) > 0 {
		return Finding{Verdict: measure.Broken, Cause: "buffered", Got: fmt.Sprintf("no message in %s, and %d over the first path%s",
			short(time.Duration(c.App.Duration)), len(ctl.exchanges()[0].Sent), excerpt(e))}, true
	}
	return Finding{Verdict: measure.Untested, Got: "the application sent nothing"}, true
}
