package proxies

import (
	"net"
	"net/http"
)

func authFault() Fault {
	return Fault{
		Name:     "auth",
		Means:    "A request without credentials is answered by the proxy, which asks for them.",
		Source:   "corporate forward proxies (407); access layers in front of sites (401)",
		Provokes: []Provoke{{"auth-required", "auth"}},
		Params: []Param{
			{Name: "status", Type: Word, Words: []string{"407", "401"}, Default: "407", Main: true, Means: "407 wants Proxy-Authorization, with CONNECT for all that the tunnel carries; 401 wants Authorization; which credentials does not matter"},
		},
		Early: true,
		Modes: []Mode{Reverse, Forward},
		New: func(a Args) (Hooks, error) {
			if a.Text("status") == "401" {
				return Hooks{Request: func(r *http.Request) *http.Response {
					if r.Header.Get("Authorization") != "" {
						return nil
					}
					return challenge(r, http.StatusUnauthorized, "Www-Authenticate")
				}}, nil
			}
			return Hooks{
				Request: func(r *http.Request) *http.Response {
					// As the client sent it: the header goes no further.
					ex := exchangeOf(r.Context())
					if proves(ex.in) || insideOf(ex.client) != nil && proves(insideOf(ex.client).opened) {
						return nil
					}
					return challenge(r, http.StatusProxyAuthRequired, "Proxy-Authenticate")
				},
				Connect: func(next Connector) Connector {
					return func(r *http.Request) (net.Conn, *http.Response, error) {
						if !proves(r) {
							return nil, challenge(r, http.StatusProxyAuthRequired, "Proxy-Authenticate"), nil
						}
						return next(r)
					}
				},
			}, nil
		},
	}
}

// proves reports whether a request has credentials for the proxy.
func proves(r *http.Request) bool { return r.Header.Get("Proxy-Authorization") != "" }

// challenge asks for credentials.
func challenge(r *http.Request, status int, header string) *http.Response {
	resp := ownAnswer(r, status, "credentials wanted")
	resp.Header.Set(header, `Basic realm="path"`)
	return resp
}
