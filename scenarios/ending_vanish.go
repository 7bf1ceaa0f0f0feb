package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingVanish asks when the origin knows that a client has disappeared without
// a word, and how much it has written to nobody by then.
func EndingVanish() Check {
	return Check{
		ID: "ending/vanish", Question: "When does the origin know that a client disappeared without a word?",
		Kind: measure.Observe, Axis: measure.Ending, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{vanishTrial()},
		Applies: func(t measure.Technique) bool { return t.Class != measure.ClassPoll },
		Judge:   func(c Case) Finding { return judgeVanish(c, c.Evidence[vanishName]) },
	}
}

func judgeVanish(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, EndedBy: "client", EndKind: measure.EndSilence, Values: map[string]float64{}}
	f.Want = []string{fmt.Sprintf("the origin knows within %s, by keepalive or by a timeout of unacknowledged bytes", short(vanishWait))}
	if bad, failed := openingFailure(c, e); failed && !e.Attached {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	var words []string
	known := false
	for _, p := range e.Parts {
		if !p.Attached {
			continue
		}
		name := strings.ReplaceAll(p.Part, "-", "_")
		after, noticed := knownAfter(p)
		writes, bytes := intoTheVoid(p)
		f.Values["known_"+name+"_ms"], f.Values["void_"+name+"_bytes"], f.Values["void_"+name+"_writes"] = after, float64(bytes), float64(writes)
		known = known || noticed && (p.Part == vanishAsking || p.Part == vanishUserTimeoff)
		word := fmt.Sprintf("%s: not within %s", p.Part, short(p.Waited))
		if noticed {
			word = fmt.Sprintf("%s: after %.0f ms", p.Part, after)
		}
		if bytes > 0 {
			word += fmt.Sprintf(" (%d bytes to nobody)", bytes)
		}
		words = append(words, word)
	}
	f.Got = strings.Join(words, "; ")
	if !known {
		f.Verdict, f.Cause = measure.Degraded, "client-abort-not-propagated"
		f.Got += "; no timer of the origin's helps where the path goes on acknowledging"
	}
	return f
}

// knownAfter is how long after the client had gone the origin learned of it,
// in ms; -1 when it had not by the end of the part.
func knownAfter(e *Evidence) (float64, bool) {
	until := e.Left.Add(e.Waited)
	for _, o := range e.Origin {
		at := time.UnixMicro(o.T)
		if o.Kind == measure.AbortNoticed && at.After(e.Left) && !at.After(until) {
			return ms(at.Sub(e.Left)), true
		}
	}
	return -1, false
}

// intoTheVoid counts what the origin wrote after the client had gone.
func intoTheVoid(e *Evidence) (writes, bytes int) {
	until := e.Left.Add(e.Waited)
	for _, o := range e.Origin {
		at := time.UnixMicro(o.T)
		if (o.Kind == measure.Write || o.Kind == measure.Heartbeat) && at.After(e.Left) && !at.After(until) {
			writes++
			bytes += o.Bytes
		}
	}
	return writes, bytes
}
