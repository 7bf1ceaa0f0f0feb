package proxies

import "net/http"

func durationFault() Fault {
	return Fault{
		Name:     "duration",
		Means:    "Every exchange is ended after a fixed time, busy or not.",
		Source:   "Envoy route timeout 15 s (envoyproxy/envoy docs, faq/configuration/timeouts), GCP backend service 30 s, AWS Lambda (end=clean: lambda/latest/dg/web-functions-revisions-timeout)",
		Provokes: []Provoke{{"max-duration", "duration(after=30s)"}, {"truncated", "duration(after=30s,end=clean)"}},
		Params: []Param{
			{Name: "after", Type: Duration, Time: Policy, Default: "30s", Main: true, Means: "time from the request, in tunnels from their start"},
			endParam(),
			{Name: "status", Type: Count, Means: "of an answer of the proxy's before the head, whatever end says of the time after it; without it 504, with end=504 or clean"},
		},
		New: func(a Args) (Hooks, error) {
			l := limit{after: a.Duration("after"), end: a.Text("end"), status: http.StatusGatewayTimeout, reason: "maximum duration"}
			if a.Has("status") {
				status, err := statusOf(a)
				if err != nil {
					return Hooks{}, err
				}
				l.status, l.answers = status, true
			}
			return l.hooks(), nil
		},
	}
}
