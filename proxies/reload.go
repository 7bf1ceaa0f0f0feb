package proxies

import (
	"net"
	"net/http"
	"time"
)

func reloadFault() Fault {
	return Fault{
		Name:     "reload",
		Means:    "The proxy is reloaded once: exchanges that began before are ended when their grace is over, and new ones are served.",
		Source:   "kubernetes/ingress-nginx#2461, #7115; nginx worker_shutdown_timeout (240 s in ingress-nginx: Octops/gameserver-ingress-controller#21); caddy stream_close_delay",
		Provokes: []Provoke{{"reload", "reload(after=5s)"}},
		Params: []Param{
			{Name: "after", Type: Duration, Time: Policy, Default: "5s", Main: true, Means: "time from the proxy's start to the reload"},
			{Name: "grace", Type: Duration, Time: Policy, Means: "how long old exchanges may go on; none when it is not given"},
			{Name: "end", Type: Word, Words: endWords()[1:], Default: endFin, Means: "what the client sees: fin, rst, clean (a proper end) or silence"},
		},
		New: func(a Args) (Hooks, error) {
			reload := time.Now().Add(a.Duration("after"))
			over := reload.Add(a.Duration("grace"))
			l := limit{end: a.Text("end"), reason: "reload"}
			// begin is the limit of what begins now; false when that is new.
			begin := func() (limit, bool) {
				now, own := time.Now(), l
				own.after = over.Sub(now)
				return own, now.Before(reload)
			}
			return Hooks{
				Upstream: func(next http.RoundTripper) http.RoundTripper {
					if own, old := begin(); old {
						return own.upstream(next)
					}
					return next
				},
				Tunnel: func(client, upstream net.Conn) (net.Conn, net.Conn) {
					if own, old := begin(); old {
						return own.tunnel(client, upstream)
					}
					return client, upstream
				},
			}, nil
		},
	}
}
