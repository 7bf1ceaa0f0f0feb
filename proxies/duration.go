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
		},
		New: func(a Args) (Hooks, error) {
			return limit{after: a.Duration("after"), end: a.Text("end"), status: http.StatusGatewayTimeout, reason: "maximum duration"}.hooks(), nil
		},
	}
}
