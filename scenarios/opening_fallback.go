package scenarios

import (
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// fallbackID is asked of clients that choose among transports, once for each
// path: beside the transport that they try first.
const fallbackID = "opening/fallback"

// OpeningFallback asks what a client ends up with that may use all its
// transports, and after how long.
func OpeningFallback() Check {
	return Check{
		ID: fallbackID, Question: "Which transport does a client fall back to that may choose, and after how long?",
		Kind: measure.Observe, Axis: measure.Opening, Requires: Needs{Publish: true},
		Trials:  []Trial{fallbackTrial()},
		Applies: func(t measure.Technique) bool { return t.Session != "" && t.Class == measure.ClassSocket },
		Judge:   func(c Case) Finding { return judgeFallback(c, c.Evidence[fallbackName].Choice) },
	}
}

func judgeFallback(c Case, choice *measure.Choice) Finding {
	f := Finding{Verdict: measure.Works, Want: []string{"a message over some transport"}, Values: map[string]float64{"failures": float64(len(choice.Met))}}
	met := ""
	if len(choice.Met) > 0 {
		met = "; before, " + strings.Join(choice.Met[:min(len(choice.Met), 3)], ", ")
	}
	switch {
	case choice.Received > 0:
		f.Values["opened_ms"], f.Values["first_ms"] = ms(choice.Opened), ms(choice.Received)
		f.Got = fmt.Sprintf("%s: open after %s, first message after %s%s", choice.Transport, short(choice.Opened), short(choice.Received), met)
		if first := strings.TrimPrefix(c.Technique.Name, c.Technique.Session+"-"); choice.Transport != first {
			f.Verdict = measure.Degraded
		}
	case choice.Transport != "":
		f.Values["opened_ms"] = ms(choice.Opened)
		f.Verdict = measure.Broken
		f.Got = fmt.Sprintf("%s: open after %s, and no message in %s%s", choice.Transport, short(choice.Opened), short(fallbackWait), met)
	default:
		f.Verdict = measure.Broken
		f.Got = fmt.Sprintf("nothing in %s%s", short(fallbackWait), met)
	}
	if f.Verdict != measure.Works {
		f.Cause = "unknown"
		if choice.Received == 0 && strings.Contains(strings.Join(choice.Met, " "), measure.SessionLost) {
			f.Cause = "session-affinity"
		}
	}
	return f
}
