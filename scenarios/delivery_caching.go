package scenarios

import (
	"fmt"
	"net/http"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryCaching asks what a path makes of a URL that is asked for twice: while
// the first answer is under way, and when it is complete. Every other check
// gives each stream a URL of its own.
func DeliveryCaching() Check {
	return Check{
		ID: "delivery/caching", Question: "Does everybody who asks for the same URL get an answer of the origin's own?",
		Kind: measure.Required, Axis: measure.Delivery, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{cachingTrial()},
		Applies: func(t measure.Technique) bool { return t.Class != measure.ClassSocket },
		Judge:   func(c Case) Finding { return judgeCaching(c, c.Evidence[cachingName]) },
	}
}

func judgeCaching(c Case, e *Evidence) Finding {
	before, after := e.part(partBefore), e.part(partAfter)
	if bad, failed := openingFailure(c, before); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}, Want: []string{"as many requests at the origin as were made", "each answer with what the origin sent for it"}}
	f.EndedBy, f.EndKind = after.EndedBy()
	lost, had := after.Counts().Lost, len(before.Requests())
	f.Values["again_at_origin"] = float64(max(0, len(after.Requests())-1))
	switch {
	case had == 1 && len(after.Requests()) == 1 && good(after):
		f.Verdict, f.Cause = measure.Broken, "cached"
		f.Values["lost"] = float64(lost)
		f.Got = fmt.Sprintf("who asked again was given a good answer that the origin had not given; %d of %d messages were not in it", lost, len(after.Sent))
		return f
	case !good(after):
		f.Got = "whoever asks again gets no good answer" + excerpt(after)
	default:
		f.Got = "whoever asks again reaches the origin"
	}
	first, second := e.part(partFirst), e.part(partSecond)
	if first == nil || !first.Attached {
		return f
	}
	requests := len(first.Requests())
	f.Values["readers_at_origin"] = float64(requests)
	if requests >= 2 {
		f.Got += "; two readers at once have a stream each"
		return f
	}
	f.Verdict, f.Cause = measure.Degraded, "shared-stream"
	lost = second.Counts().Lost
	switch {
	case !good(second):
		f.Got += "; a second reader at once was kept waiting" + excerpt(second)
		f.Doubtful = true
	case lost > 0:
		f.Verdict = measure.Broken
		f.Got += fmt.Sprintf("; a second reader at once was given the first one's stream, and %d of %d messages were not in it", lost, len(second.Sent))
	default:
		f.Got += "; a second reader at once was given the first one's stream"
		if old := len(ofKind(second.Client, measure.Received)) - len(second.Sent); old > 0 {
			f.Values["from_before"] = float64(old)
			f.Got += ", from its beginning"
		}
	}
	return f
}

// good reports whether the client was given an answer as it should be.
func good(e *Evidence) bool {
	head, answered := firstHead(e)
	return answered && head.Status == http.StatusOK
}
