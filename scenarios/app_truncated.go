package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// judgeAppTruncated asks whether the answer ended as the application ended it,
// and whether anybody could tell if not.
func judgeAppTruncated(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Values: map[string]float64{"received": float64(len(ofKind(e.Client, measure.Received)))}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	end, ended := e.End()
	own, ownEnded := e.originEnd()
	got := len(ofKind(e.Client, measure.Received))
	mark := c.App.End
	expected := c.App.Expect.Messages
	f.Want = []string{"all that was sent, and an end of the same kind"}
	if mark != "" {
		f.Want = []string{fmt.Sprintf("the end mark %q", mark)}
	}
	breaks := func(d diagnosis) {
		f.Verdict, f.Cause, f.Got = measure.Broken, d.cause, d.got+sentInAll(e)
	}
	switch {
	case ended && mark != "" && end.Note != "":
		f.Got = fmt.Sprintf("%d messages and the end mark", got)
	case !ended && ownEnded && e.toldLate(own):
		f.Verdict, f.Cause = measure.Broken, "half-open"
		f.Got = "the application ended, and the client was not told"
	case !ended && e.leftAtOrigin():
		f.Verdict, f.Cause = measure.Broken, "half-open"
		f.Got = "the path left the application, and did not tell the client" + sentInAll(e)
	case !ended, !ownEnded && e.read() && !e.Released.IsZero():
		f.Verdict = measure.Untested
		f.Got = fmt.Sprintf("still open after %s; give it longer with duration:", time.Duration(c.App.Duration))
		if expected > 0 && got >= expected {
			f.Verdict, f.Got = measure.Works, fmt.Sprintf("all %d expected messages came, and nobody waited for the end", got)
		}
	case e.read() && f.EndedBy == "proxy":
		breaks(whyCut(c, e))
	case brokenOff(e.Origin) && mark == "":
		f.Verdict, f.Cause = measure.Broken, "truncated"
		f.Got = fmt.Sprintf("the application itself cut its answer in the middle (%s), after %d messages", own.EndKind, got)
	case mark != "" && (own.Note != "" || !ownEnded || c.elsewhereMarked() && !e.read()):
		d := whyCut(c, e)
		d.got += "; the end mark did not arrive"
		breaks(d)
	case mark != "":
		f.Verdict, f.Cause = measure.Broken, "unknown"
		f.Got = fmt.Sprintf("the application itself ended (%s) after %d messages without its end mark", own.EndKind, got)
	case brokenOff(e.Client), e.Counts().Lost > 0 && !ownEnded:
		breaks(whyCut(c, e))
	case expected > 0 && got < expected:
		f.Verdict, f.Cause = measure.Broken, "unknown"
		f.Got = fmt.Sprintf("the application itself ended after %d of %d expected messages", got, expected)
	case end.EndKind != measure.EndClean:
		f.Got = fmt.Sprintf("%d messages, then the connection closed (%s): a cut would look the same without an end mark (end:)", got, end.EndKind)
	default:
		f.Got = fmt.Sprintf("%d messages, then a clean end", got)
	}
	if f.Verdict == measure.Broken && expected > 0 && got < expected && mark != "" {
		f.Got += fmt.Sprintf("; %d were expected", expected)
	}
	return f
}

// toldLate reports whether the client went on waiting for an end that the
// application had made well before.
func (e *Evidence) toldLate(own measure.Event) bool {
	return e.Left.IsZero() || e.Left.Sub(time.UnixMicro(own.T)) >= unsettled
}

// leftAtOrigin reports whether the path closed its connection to the
// application well before anybody here ended the exchange.
func (e *Evidence) leftAtOrigin() bool {
	ours := e.Left
	if ours.IsZero() || !e.Released.IsZero() && e.Released.Before(ours) {
		ours = e.Released
	}
	requests := e.Requests() // of a request that was repeated, the last counts
	return slices.ContainsFunc(e.Origin, func(o measure.Event) bool {
		return o.Kind == measure.AbortNoticed && o.Sub == requests[len(requests)-1].Sub && (ours.IsZero() || ours.Sub(time.UnixMicro(o.T)) >= unsettled)
	})
}

// leastIdle is the shortest silence that an idle limit may be blamed for.
const leastIdle = 500 * time.Millisecond

// whyCut explains an answer that the path ended early, by what it was doing
// then: a long silence of the application, or a message of which a part had
// passed.
func whyCut(c Case, e *Evidence) diagnosis {
	d := diagnoseCut(e, c.Technique, false)
	end, _ := e.End()
	silence, longest := e.silenceAt(end.T)
	switch {
	case silence >= leastIdle && silence > longest:
		d.cause = "idle-timeout"
		d.got = fmt.Sprintf("the path ended the exchange (%s) after %s without a message, the longest silence so far; %d messages had come", end.EndKind, short(silence), len(ofKind(e.Client, measure.Received)))
		d.values["silence_ms"] = ms(silence)
	case d.cause == "max-duration" && withinMessage(e):
		d.cause = "max-bytes"
		d.got += "; in the middle of one, so that it is bytes that were counted"
	}
	return d
}

// silenceAt is how long the application had been silent at a time, and the
// longest silence before that one which a message ended.
func (e *Evidence) silenceAt(t int64) (now, longest time.Duration) {
	var last int64
	if requests := e.Requests(); len(requests) > 0 {
		last = requests[len(requests)-1].T
	}
	for _, o := range e.Origin {
		if o.Kind != measure.Write && o.Kind != measure.Heartbeat || o.T > t || o.Kind == measure.Write && o.ID == "" {
			continue
		}
		longest = max(longest, time.Duration(o.T-last)*time.Microsecond)
		last = o.T
	}
	return time.Duration(t-last) * time.Microsecond, longest
}

// withinMessage reports whether the client was left with a part of a message.
func withinMessage(e *Evidence) bool {
	return slices.ContainsFunc(e.Client, func(ev measure.Event) bool {
		return ev.Kind == measure.Failed && strings.HasPrefix(ev.Note, clients.ErrUnfinished.Error())
	})
}

// brokenOff reports whether one side saw the answer end before its framing did.
func brokenOff(events []measure.Event) bool {
	return slices.ContainsFunc(events, func(e measure.Event) bool {
		return e.Kind == measure.Failed && strings.HasPrefix(e.Note, clients.BrokenOff)
	})
}

// elsewhereMarked reports whether the answer over the first path had its mark.
func (c Case) elsewhereMarked() bool {
	ctl := c.Control[appName]
	if ctl == nil {
		return false
	}
	for _, p := range ctl.exchanges() {
		if end, ok := p.End(); ok && end.Note != "" {
			return true
		}
	}
	return false
}

func sentInAll(e *Evidence) string {
	if !e.read() {
		return ""
	}
	return fmt.Sprintf("; the application sent %d", len(e.Sent))
}
