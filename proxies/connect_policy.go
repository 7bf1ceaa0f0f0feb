package proxies

import (
	"net"
	"net/http"
)

func connectFault() Fault {
	return Fault{
		Name:   "connect",
		Means:  "A forward proxy lets CONNECT pass, lets it pass to port 443 only, refuses it, or ends the TLS inside it and looks at what it carries.",
		Source: "squid's rules as they come (http_access deny CONNECT !SSL_ports); coder/agentapi#204 (a gateway that inspects TLS)",
		Provokes: []Provoke{
			{"tls-intercepted", "connect(inspect)"},
			{"upgrade-refused", "connect(deny)"},
		},
		Params: []Param{
			{Name: "mode", Type: Word, Words: []string{"allow", "only-443", "deny", "inspect"}, Default: "allow", Main: true, Means: "inspect: TLS ends at the proxy, which shows a certificate of an authority made for this instance (Route.RootsPEM) and asks the origin over TLS of its own; HTTP inside is seen by all faults"},
			{Name: "status", Type: Count, Default: "403", Means: "of the refusal"},
		},
		Early: true,
		Modes: []Mode{Forward},
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			if err != nil {
				return Hooks{}, err
			}
			mode := a.Text("mode")
			if mode == "inspect" {
				return Hooks{Inspect: true}, nil
			}
			return Hooks{Connect: func(next Connector) Connector {
				return func(r *http.Request) (net.Conn, *http.Response, error) {
					_, port, _ := cutHostPort(r.Host)
					if mode == "deny" || mode == "only-443" && port != "443" {
						return nil, ownAnswer(r, status, "CONNECT to "+oneLine(r.Host)+" refused"), nil
					}
					return next(r)
				}
			}}, nil
		},
	}
}
