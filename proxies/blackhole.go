package proxies

import (
	"errors"
	"net"
	"net/http"
	"time"
)

func blackholeFault() Fault {
	return Fault{
		Name:     "blackhole",
		Means:    "Connections open, and nothing of what is sent on them arrives or is answered.",
		Source:   "firewalls that drop packets of known connections; sockjs/sockjs-client#238",
		Provokes: []Provoke{{"half-open", "blackhole"}, {"half-open", "blackhole(drop)"}},
		Params: []Param{
			{Name: "mode", Type: Word, Words: []string{"swallow", "drop"}, Default: "swallow", Main: true, Means: "swallow: the proxy reads what comes and throws it away, so that each side still gets its acknowledgements; drop: the packets between client and proxy are lost, those of new connections as well, in a network namespace made for it (Linux, with the rights of root)"},
			{Name: "after", Type: Duration, Time: Wire, Means: "with drop: time from the first connection until packets are lost; at once when it is not given"},
			{Name: "for", Type: Duration, Time: Wire, Means: "with drop: how long they are lost; for good when it is not given"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			if a.Text("mode") == "drop" {
				return Hooks{Outage: &Outage{After: a.Duration("after"), For: a.Duration("for")}}, nil
			}
			if a.Has("after") || a.Has("for") {
				return Hooks{}, errors.New("after and for go with drop")
			}
			return Hooks{
				Upstream: func(http.RoundTripper) http.RoundTripper {
					return tripperFunc(func(r *http.Request) (*http.Response, error) {
						return nil, &CutError{End: endSilence, Reason: "black hole"}
					})
				},
				Tunnel: func(client, upstream net.Conn) (net.Conn, net.Conn) {
					return &muteConn{client}, &muteConn{upstream}
				},
			}, nil
		},
	}
}

// Outage is a time in which all packets between clients and proxy are lost.
type Outage struct {
	After time.Duration // from the first connection
	For   time.Duration // 0: for good
}
