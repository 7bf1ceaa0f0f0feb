package proxies

import "net/http"

func h2ResetFault() Fault {
	return Fault{
		Name:     "h2-reset",
		Means:    "Over HTTP/2 a long stream is reset some time after its head; HTTP/1.x is left alone.",
		Source:   "coder/agentapi#204 (a TLS-inspecting gateway, ERR_HTTP2_PROTOCOL_ERROR after about 16 s, short requests fine)",
		Provokes: []Provoke{{"h2-reset", "h2-reset(after=16s)"}},
		Params: []Param{
			{Name: "after", Type: Duration, Time: Wire, Default: "16s", Main: true, Means: "time from the response's head"},
		},
		New: func(a Args) (Hooks, error) {
			l := limit{after: a.Duration("after"), end: endFin, fromHead: true, reason: "stream reset"}
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				limited := l.upstream(next)
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					if exchangeOf(r.Context()).in.ProtoMajor != 2 {
						return next.RoundTrip(r)
					}
					return limited.RoundTrip(r)
				})
			}}, nil
		},
	}
}
