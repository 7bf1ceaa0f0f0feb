package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningRequests asks whether each request of the client's reaches the origin
// once: proxies that retry make two of one, and a POST then acts twice.
func OpeningRequests() Check {
	return Check{
		ID: "opening/requests", Question: "Does each request reach the origin once?",
		Kind: measure.Optimal, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{headersTrial()},
		Judge:  func(c Case) Finding { return judgeRequests(c, c.Evidence[headersName]) },
	}
}

func judgeRequests(c Case, e *Evidence) Finding {
	probe, post := e.part(partProbe), e.part(partPost)
	if probe.Arrived() == 0 {
		return Finding{Verdict: measure.Untested, Got: "the request did not reach the origin" + excerpt(probe)}
	}
	f := Finding{Verdict: measure.Works, Want: []string{"one request of the client's, one at the origin"}, Values: map[string]float64{
		"own_at_origin": float64(probe.Arrived()),
	}}
	f.EndedBy, f.EndKind = probe.EndedBy()
	f.Got = fmt.Sprintf("the technique's own request arrived %s", times(probe.Arrived()))
	if post != nil && post.Arrived() > 0 {
		f.Values["post_at_origin"] = float64(post.Arrived())
		f.Got += fmt.Sprintf(", one with a body %s", times(post.Arrived()))
	}
	repeated := c.Repeated + probe.Repeated()
	if post != nil {
		repeated += post.Repeated()
	}
	f.Values["repeated"] = float64(repeated)
	if repeated > 0 {
		f.Verdict, f.Cause = measure.Degraded, "request-repeated"
		f.Got += fmt.Sprintf("; over all exchanges of this cell %d arrived that the client had not made", repeated)
	}
	return f
}

// times writes a number of times.
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
