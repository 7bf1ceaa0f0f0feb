package scenarios

import (
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingStopSignal asks after which answers a client stays away for good, and
// after which it comes back. A page's own code decides that for most
// techniques, the browser itself for an EventSource.
func EndingStopSignal() Check {
	return Check{
		ID: "ending/stop-signal", Question: "After which of 204, 502 and 504 does the client stay away for good?",
		Kind: measure.Observe, Axis: measure.Ending, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{stopSignalTrial()},
		Judge:  func(c Case) Finding { return judgeStopSignal(c.Evidence[stopSignalName]) },
	}
}

func judgeStopSignal(e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}, Want: []string{"each status reaches the client"}}
	var words []string
	for _, p := range e.Parts {
		asked := len(ofKind(p.Origin, measure.Failed))
		f.Values["requests_"+p.Part] = float64(asked)
		head, answered := firstHead(p)
		switch {
		case asked == 0:
			f.Verdict, f.Cause = measure.Untested, ""
			f.Got = "the request did not reach the origin" + excerpt(p)
			return f
		case !answered:
			f.Verdict, f.Cause = measure.Degraded, "unknown"
			words = append(words, p.Part+": no answer reached the client"+excerpt(p))
			continue
		}
		f.Values["status_"+p.Part] = float64(head.Status)
		word := p.Part + ": stays away"
		if asked > 1 {
			word = p.Part + ": comes back"
		}
		if fmt.Sprint(head.Status) != p.Part {
			f.Verdict, f.Cause = measure.Degraded, "error-page"
			word += fmt.Sprintf(" (the path made status %d of it)", head.Status)
		}
		words = append(words, word)
	}
	f.Got = strings.Join(words, "; ")
	return f
}
