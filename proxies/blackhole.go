package proxies

import (
	"net"
	"net/http"
)

func blackholeFault() Fault {
	return Fault{
		Name:     "blackhole",
		Means:    "Connections open, and nothing of what is sent on them arrives or is answered.",
		Source:   "firewalls that drop packets of known connections; sockjs/sockjs-client#238",
		Provokes: []Provoke{{"half-open", "blackhole"}},
		Early:    true,
		New: func(Args) (Hooks, error) {
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
