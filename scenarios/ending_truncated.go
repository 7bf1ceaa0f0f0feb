package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingTruncated asks whether a client can tell a cut from an end: when the
// origin breaks its stream off, does the path pass that on, or does it finish
// the answer as if it were whole?
func EndingTruncated() Check {
	return Check{
		ID: "ending/truncated", Question: "Can the client tell a stream that was cut from one that ended?",
		Kind: measure.Optimal, Axis: measure.Ending, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials:  []Trial{brokenTrial()},
		Applies: func(t measure.Technique) bool { return !t.Polls() },
		Judge:   func(c Case) Finding { return judgeTruncated(c, c.Evidence[brokenName]) },
	}
}

func judgeTruncated(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Want: []string{"a stream that was cut does not end as a whole one does"}}
	f.EndedBy = "origin"
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	all := cuts(e)
	told, clean, kind := shownEnds(e, all)
	f.EndKind = kind
	f.Values = map[string]float64{"cuts": float64(len(all)), "told": float64(told), "clean": float64(clean)}
	switch {
	case len(all) == 0:
		return Finding{Verdict: measure.Untested, Got: "the stream was never cut, so nothing can be said"}
	case told == 0 && askedByPath(e) > 0:
		f.Verdict, f.Cause = measure.Broken, "request-repeated"
		f.Got = fmt.Sprintf("of %d cuts the client was told of none: the path asked the origin by itself, %s, and went on with that answer", len(all), times(askedByPath(e)))
	case told == 0 && e.Malformed() > 0:
		f.Verdict, f.Cause = measure.Broken, "corrupted"
		f.Got = fmt.Sprintf("of %d cuts the client was told of none: the path wrote into the stream what is no message%s", len(all), excerpt(e))
	case told == 0:
		f.Verdict, f.Cause, f.EndKind = measure.Broken, "half-open", measure.EndSilence
		f.Got = fmt.Sprintf("of %d cuts the client was told of none", len(all))
	case clean == 0:
		f.Got = fmt.Sprintf("yes: each of %d cuts showed%s", told, shown(measure.Event{EndKind: kind}))
	case c.Control == nil || cleanInControl(c):
		f.Got = "no, and not over the direct path either: nothing but the connection's close ends this answer"
	case comesBackAnyway(c.Technique):
		f.Got = fmt.Sprintf("no: %d of %d cuts looked like a proper end; but %s comes back after either", clean, told, c.Technique.Name)
	default:
		f.Verdict, f.Cause = measure.Degraded, "truncated"
		f.Got = fmt.Sprintf("no: %d of %d cuts looked like a proper end (%s); only the missing end notice tells", clean, told, kind)
	}
	return f
}

// shownEnds counts the cuts of which the client was shown an end, and those
// whose end looked like that of a whole answer.
func shownEnds(e *Evidence, all []cut) (told, clean int, kind measure.EndKind) {
	for _, k := range all {
		if !k.wasTold() {
			continue
		}
		told++
		looksClean := k.told.EndKind == measure.EndClean || k.told.EndKind == measure.EndFIN && closedOnly(e, k.told)
		if looksClean {
			clean++
		}
		if kind == "" || looksClean {
			kind = k.told.EndKind
		}
	}
	return told, clean, kind
}

// closedOnly reports whether the answer that ended so had no other end than
// its connection's close.
func closedOnly(e *Evidence, end measure.Event) bool {
	closes := false
	for _, h := range e.Headers() {
		if h.T <= end.T {
			closes = h.Closes
		}
	}
	return closes
}

func cleanInControl(c Case) bool {
	ctl := c.Control[brokenName]
	if ctl == nil {
		return false
	}
	_, clean, _ := shownEnds(ctl, cuts(ctl))
	return clean > 0
}

// comesBackAnyway reports whether receiving by t means to come back after every
// end, whatever it looked like.
func comesBackAnyway(t measure.Technique) bool { return t.EndsItself || t.Name == "eventsource" }
