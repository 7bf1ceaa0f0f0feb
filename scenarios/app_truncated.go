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
	short := c.App.Expect.Messages > 0 && got < c.App.Expect.Messages
	if mark != "" {
		f.Want = append(f.Want, fmt.Sprintf("the end mark %q", mark))
	} else {
		f.Want = append(f.Want, "all that was sent, and an end of the same kind")
	}
	switch {
	case !ended && ownEnded:
		f.Verdict, f.Cause = measure.Broken, "half-open"
		f.Got = "the application ended, and the client was not told"
	case !ended, !ownEnded && e.read() && !e.Released.IsZero():
		f.Verdict = measure.Untested
		f.Got = fmt.Sprintf("still open after %s; give it longer with duration:", time.Duration(c.App.Duration))
		if c.App.Expect.Messages > 0 && got >= c.App.Expect.Messages {
			f.Verdict, f.Got = measure.Works, fmt.Sprintf("all %d expected messages came, and nobody waited for the end", got)
		}
	case brokenOff(e.Origin) && mark == "":
		f.Verdict, f.Cause = measure.Broken, "truncated"
		f.Got = fmt.Sprintf("the application itself cut its answer in the middle (%s), after %d messages", own.EndKind, got)
	case mark != "" && end.Note != "":
		f.Got = fmt.Sprintf("%d messages and the end mark", got)
	case mark != "" && (own.Note != "" || !ownEnded || c.elsewhereMarked()):
		d := diagnoseCut(e, c.Technique, false)
		f.Verdict, f.Cause = measure.Broken, d.cause
		f.Got = fmt.Sprintf("ended (%s) after %d messages without the end mark%s", end.EndKind, got, sentInAll(e))
	case mark != "":
		f.Verdict, f.Cause = measure.Broken, "unknown"
		f.Got = fmt.Sprintf("the application itself ended (%s) after %d messages without its end mark", own.EndKind, got)
	case brokenOff(e.Client), e.Counts().Lost > 0 && !ownEnded:
		d := diagnoseCut(e, c.Technique, false)
		f.Verdict, f.Cause = measure.Broken, d.cause
		f.Got = d.got + sentInAll(e)
	case short:
		f.Verdict, f.Cause = measure.Broken, "unknown"
		f.Got = fmt.Sprintf("the application itself ended after %d of %d expected messages", got, c.App.Expect.Messages)
	case end.EndKind != measure.EndClean:
		f.Got = fmt.Sprintf("%d messages, then the connection closed (%s): a cut would look the same without an end mark (end:)", got, end.EndKind)
	default:
		f.Got = fmt.Sprintf("%d messages, then a clean end", got)
	}
	if f.Verdict == measure.Broken && short && mark != "" {
		f.Got += fmt.Sprintf("; %d were expected", c.App.Expect.Messages)
	}
	return f
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
