package proxies

import (
	"context"
	"net"
	"net/http"
)

func connectFault() Fault {
	return Fault{
		Name:   "connect",
		Means:  "A forward proxy lets CONNECT pass, looks at nothing inside it, lets it pass to port 443 only, refuses it, or ends the TLS inside it and looks at what it carries.",
		Source: "squid's rules as they come (http_access deny CONNECT !SSL_ports); coder/agentapi#204 (a gateway that inspects TLS)",
		Provokes: []Provoke{
			{"tls-intercepted", "connect(inspect)"},
			{"upgrade-refused", "connect(deny)"},
		},
		Params: []Param{
			{Name: "mode", Type: Word, Words: []string{"allow", "blind", "only-443", "deny", "inspect"}, Default: "allow", Main: true, Means: "allow: plain HTTP inside is seen by all faults; blind: nothing inside is looked at; only-443: the same, to port 443 and to the origin's where that speaks TLS; inspect: TLS ends at the proxy, which shows a certificate of an authority made for this instance (Route.RootsPEM) and asks the origin over TLS of its own; HTTP inside is seen by all faults"},
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
					if mode == "deny" || mode == "only-443" && !securePort(r) {
						return nil, ownAnswer(r, status, "CONNECT to "+oneLine(r.Host)+" refused"), nil
					}
					if mode == "blind" || mode == "only-443" {
						r = r.WithContext(context.WithValue(r.Context(), blindKey{}, true))
					}
					return next(r)
				}
			}}, nil
		},
	}
}

// securePort reports whether a CONNECT leads where TLS is spoken: administrators
// add the ports of their own that do.
func securePort(r *http.Request) bool {
	_, port, _ := cutHostPort(r.Host)
	origin := hopOf(r.Context()).origin
	return port == "443" || origin.Scheme == "https" && port == origin.Port()
}

// blindKey marks a CONNECT inside which nothing is looked at.
type blindKey struct{}

func isBlind(opened *http.Request) bool {
	blind, _ := opened.Context().Value(blindKey{}).(bool)
	return blind
}
