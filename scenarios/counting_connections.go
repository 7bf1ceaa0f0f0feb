package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CountingConnections counts what ten messages cost: connections at the
// client, the proxy and the origin, and requests.
func CountingConnections() Check {
	return Check{
		ID: "counting/connections", Question: "How many connections and requests do ten messages take?",
		Kind: measure.Observe, Axis: measure.Counting, Requires: Needs{Publish: true, Record: true},
		Trials: []Trial{steadyTrial()},
		Judge: func(c Case) Finding {
			e := c.Evidence["steady"]
			client, origin, requests := len(ofKind(e.Client, measure.Dial)), distinctConns(e.Requests()), len(e.Requests())
			f := Finding{Verdict: measure.Works, Values: map[string]float64{
				"connections_client": float64(client), "connections_origin": float64(origin), "requests": float64(requests),
			}}
			f.Got = fmt.Sprintf("%d at the client, %d at the origin, %d requests", client, origin, requests)
			if n := e.Stats.Accepted; n >= 0 {
				f.Values["connections_proxy"] = float64(n)
				f.Got = fmt.Sprintf("%d at the client, %d at the proxy, %d at the origin, %d requests", client, n, origin, requests)
			}
			if got := e.Counts().Received; got > 0 {
				f.Values["requests_per_message"] = float64(requests) / float64(got)
			}
			return f
		},
	}
}
