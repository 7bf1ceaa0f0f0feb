package proxies

import "net/http"

func authFault() Fault {
	return Fault{
		Name:     "auth",
		Means:    "A request without credentials is answered by the proxy, which asks for them.",
		Source:   "corporate forward proxies (407); access layers in front of sites (401)",
		Provokes: []Provoke{{"auth-required", "auth"}},
		Params: []Param{
			{Name: "status", Type: Word, Words: []string{"407", "401"}, Default: "407", Main: true, Means: "407 wants Proxy-Authorization, 401 Authorization; which credentials does not matter"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			status, asked, given := http.StatusProxyAuthRequired, "Proxy-Authenticate", "Proxy-Authorization"
			if a.Text("status") == "401" {
				status, asked, given = http.StatusUnauthorized, "Www-Authenticate", "Authorization"
			}
			return Hooks{Request: func(r *http.Request) *http.Response {
				// As the client sent it: the first of the two goes no further.
				if exchangeOf(r.Context()).in.Header.Get(given) != "" {
					return nil
				}
				resp := ownAnswer(r, status, "credentials wanted")
				resp.Header.Set(asked, `Basic realm="path"`)
				return resp
			}}, nil
		},
	}
}
