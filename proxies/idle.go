package proxies

func idleFault() Fault {
	return Fault{
		Name:     "idle",
		Means:    "An exchange on which nothing is said for a while is ended.",
		Source:   "nginx proxy_read_timeout 60 s, AWS ALB 60 s, Heroku 55 s; application/edit-load-balancer-attributes at docs.aws (what counts); haproxy timeout client and timeout server (from)",
		Provokes: []Provoke{{"idle-timeout", "idle(after=60s)"}, {"half-open", "idle(after=60s,end=silence)"}},
		Params: []Param{
			{Name: "after", Type: Duration, Time: Policy, Default: "60s", Main: true, Means: "the silence that is borne"},
			{Name: "counts", Type: Word, Words: []string{"body", "any"}, Default: "body", Means: "what breaks the silence: bytes of the response, or of the request while it is sent (body), or also 1xx responses and all else on the client's connection, as the pings of HTTP/2 (any); in tunnels bytes in any case"},
			{Name: "from", Type: Word, Words: []string{"both", "origin", "client"}, Default: "both", Means: "whose bytes break the silence; of a websocket the frames of the client alone, with client"},
			endParam(),
			{Name: "status", Type: Count, Default: "504", Means: "of the answer before the head, with end=504"},
		},
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			return limit{
				after: a.Duration("after"), end: a.Text("end"), status: status,
				rearm: true, any: a.Text("counts") == "any", from: a.Text("from"), reason: "idle timeout",
			}.hooks(), err
		},
	}
}

func endParam() Param {
	return Param{Name: "end", Type: Word, Words: endWords(), Default: endStatus, Means: "what the client sees: 504 (before the head; a close after it), fin, rst, clean (a proper end) or silence (its side stays open)"}
}
