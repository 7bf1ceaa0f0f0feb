package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningConnect asks whether the exchange can be established at all. How long
// the response head took is a matter of delivery, as long as it comes.
func OpeningConnect() Check {
	return Check{
		ID: "opening/connect", Question: "Does a subscription reach the origin, and does its answer reach the client?",
		Kind: measure.Required, Axis: measure.Opening, Requires: Needs{Publish: true, Record: true},
		Trials: []Trial{steadyTrial()},
		Judge:  func(c Case) Finding { return judgeOpening(c, c.Evidence["steady"]) },
	}
}

// judgeOpening looks at the head that the client was given.
func judgeOpening(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Want: []string{"the origin accepts the request", wantHead(c.Technique)}, Values: map[string]float64{}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if head, ok := firstHead(e); ok {
		f.Values["status"] = float64(head.Status)
		if reqs := e.Requests(); len(reqs) > 0 {
			f.Values["headers_ms"] = ms(max(0, time.UnixMicro(head.T).Sub(time.UnixMicro(reqs[0].T))))
		}
		f.Got = fmt.Sprintf("status %d", head.Status)
	} else {
		f.Got = "opened"
	}
	if bad, failed := openingFailure(c, e); failed {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
	} else if other, direct := intercepted(c, e); other != "" {
		f.Verdict, f.Cause = measure.Degraded, "tls-intercepted"
		f.Got += fmt.Sprintf("; but the certificate is not the origin's: %.16s… was shown, %.16s… over the direct path", other, direct)
	} else if n := len(c.Refused); n > 0 {
		f.Verdict, f.Cause = measure.Degraded, "error-page"
		if noPlace(c.Refused[n-1]) {
			f.Cause = "connection-limit"
		}
		f.Values["refused"] = float64(n)
		f.Got += fmt.Sprintf("; but over all exchanges of this cell the path itself answered %d times with an error (status %s)", n, statuses(c.Refused))
	}
	return f
}

// statuses lists distinct ones.
func statuses(all []int) string {
	var words []string
	for _, s := range slices.Compact(slices.Clone(all)) {
		words = append(words, strconv.Itoa(s))
	}
	return strings.Join(words, ", ")
}

func wantHead(t measure.Technique) string {
	if t.Class == measure.ClassSocket {
		return "status 101, then a first frame"
	}
	return "status 200"
}

func firstHead(e *Evidence) (measure.Event, bool) {
	heads := e.Headers()
	if len(heads) == 0 {
		return measure.Event{}, false
	}
	return heads[0], true
}

// openingFailure says why an exchange never came about, if it did not.
func openingFailure(c Case, e *Evidence) (diagnosis, bool) {
	d, failed := whyNotOpened(c, e)
	if failed && c.App != nil {
		d = c.refineOpening(e, d)
	}
	return d, failed
}

func whyNotOpened(c Case, e *Evidence) (diagnosis, bool) {
	head, answered := firstHead(e)
	opened := has(measure.Prelude)(e.Client) || has(measure.Received)(e.Client)
	if bad, failed := untrusted(e); failed {
		return bad, true
	}
	if bad, failed := sessionFailure(c, e); failed && !opened {
		return bad, true
	}
	if bad, failed := notTaken(e); failed {
		return bad, true
	}
	if c.Technique.Class == measure.ClassSocket {
		return socketFailure(e, head, answered, opened)
	}
	switch {
	case e.Attached && mistyped(c, e) != "":
		return diagnosis{cause: "header-dropped", got: mistyped(c, e)}, true
	case opened:
		return diagnosis{}, false
	case answered && (head.Status == http.StatusOK || c.App != nil && head.Status/100 == 2) && e.Attached:
		return diagnosis{}, false // what follows, or does not, is a matter of delivery
	case answered && head.Status == http.StatusOK && c.App == nil && silentEnd(e) && !has(measure.Failed)(e.Client):
		return diagnosis{cause: "half-open", got: "the head of an answer came, and nothing behind it"}, true
	case answered && head.Status == http.StatusProxyAuthRequired:
		return diagnosis{cause: "auth-required", got: "status 407 from the path"}, true
	case answered && e.FromCache() && head.Status == http.StatusOK:
		return diagnosis{cause: "cached", got: "a good answer that the origin did not give"}, true
	case answered && noPlace(head.Status):
		return diagnosis{cause: "connection-limit", got: fmt.Sprintf("status %d from the path%s", head.Status, excerpt(e))}, true
	case answered:
		return diagnosis{cause: "error-page", got: fmt.Sprintf("status %d %sfrom the path%s", head.Status, typeNote(head), excerpt(e))}, true
	case e.Attached && c.Technique.Polls():
		return diagnosis{cause: "half-open", got: "the origin answered, and nothing of it reached the client" + excerpt(e)}, true
	case e.Attached:
		return diagnosis{cause: "half-open", got: "the origin streamed and ended, and not even the head reached the client" + excerpt(e)}, true
	}
	if !has(measure.Failed)(e.Client) {
		return diagnosis{cause: "half-open", got: "the request did not reach the origin, no answer came, and nobody closed"}, true
	}
	return diagnosis{cause: "unknown", got: "the request did not reach the origin, and no answer came" + excerpt(e)}, true
}

func socketFailure(e *Evidence, head measure.Event, answered, opened bool) (diagnosis, bool) {
	reached := len(e.Origin) > 0
	sent, arrived := len(ofKind(e.Client, measure.Write)), len(ofKind(e.Origin, measure.Received))
	switch {
	case opened && sent > 0 && arrived == 0 && e.Attached && settledUp(e):
		return diagnosis{cause: "upgrade-one-way", got: fmt.Sprintf("frames came down, and none of the %d that the client sent arrived", sent)}, true
	case opened:
		return diagnosis{}, false
	case arrived > 0 && !has(measure.End)(beforeRelease(e)):
		return diagnosis{cause: "upgrade-one-way", got: "the client's frames arrived, and none came down"}, true
	case answered && head.Status == http.StatusSwitchingProtocols, e.Attached:
		if by, kind := e.EndedBy(); by == "proxy" && kind != measure.EndSilence {
			return diagnosis{cause: "upgrade-killed", got: fmt.Sprintf("the upgrade succeeded, then the socket was cut (%s) before a frame arrived", kind)}, true
		}
		return diagnosis{cause: "upgrade-mute", got: "the upgrade succeeded, and no frame arrived"}, true
	case answered && head.Status == http.StatusProxyAuthRequired:
		return diagnosis{cause: "auth-required", got: "status 407 from the path"}, true
	case reached:
		return diagnosis{cause: "upgrade-stripped", got: "the request reached the origin without its upgrade" + excerpt(e)}, true
	case answered && noPlace(head.Status):
		return diagnosis{cause: "connection-limit", got: fmt.Sprintf("status %d from the path; the origin saw nothing", head.Status)}, true
	case answered:
		return diagnosis{cause: "upgrade-refused", got: fmt.Sprintf("status %d from the path; the origin saw nothing", head.Status)}, true
	}
	if !has(measure.Failed)(e.Client) {
		return diagnosis{cause: "half-open", got: "no answer to the upgrade, and nobody closed; the origin saw nothing"}, true
	}
	return diagnosis{cause: "upgrade-refused", got: "no answer to the upgrade; the origin saw nothing" + excerpt(e)}, true
}

func typeNote(head measure.Event) string {
	if head.ContentType == "" {
		return ""
	}
	return "(" + head.ContentType + ") "
}

// excerpt is the first error that the client noted, in brackets.
func excerpt(e *Evidence) string {
	for _, ev := range e.Client {
		if ev.Kind == measure.Failed && ev.Note != "" {
			return fmt.Sprintf(" (%.160s)", ev.Note)
		}
	}
	return ""
}

// settledUp reports whether what the client sent up had the time to arrive
// before the exchange was over.
func settledUp(e *Evidence) bool {
	last := int64(0)
	for _, ev := range e.Client {
		last = max(last, ev.T)
	}
	sent := ofKind(e.Client, measure.Write)
	return time.Duration(last-sent[len(sent)-1].T)*time.Microsecond >= health/2
}

// beforeRelease are the client's events until the trial had the origin end.
func beforeRelease(e *Evidence) []measure.Event {
	var out []measure.Event
	for _, ev := range e.Client {
		if e.Released.IsZero() || ev.T < e.Released.UnixMicro() {
			out = append(out, ev)
		}
	}
	return out
}
