package proxies

import (
	"errors"
	"net/http"
)

func headerFault() Fault {
	return Fault{
		Name:   "header",
		Means:  "A header is removed on the way, or set.",
		Source: "manual reconnects without Last-Event-ID (turnstonelabs/turnstone#552); caches that drop cookies",
		Provokes: []Provoke{
			{"header-dropped", "header(strip=Last-Event-ID,request)"},
			{"cookie-dropped", "header(strip=Cookie,request)&header(strip=Set-Cookie,response)"},
		},
		Params: []Param{
			{Name: "strip", Type: Text, Main: true, Means: "the header to remove"},
			{Name: "set", Type: Text, Means: "the header to set, to the value of to"},
			{Name: "to", Type: Text, Means: "the value that set gives"},
			{Name: "from", Type: Word, Words: []string{"request", "response", "both"}, Default: "both", Means: "which direction"},
		},
		New: func(a Args) (Hooks, error) {
			if a.Has("strip") == a.Has("set") || a.Has("set") != a.Has("to") {
				return Hooks{}, errors.New("want strip=NAME, or set=NAME with to=VALUE")
			}
			change := func(h http.Header) {
				if a.Has("strip") {
					h.Del(a.Text("strip"))
				} else {
					h.Set(a.Text("set"), a.Text("to"))
				}
			}
			var hooks Hooks
			if a.Text("from") != "response" {
				hooks.Upstream = func(next http.RoundTripper) http.RoundTripper {
					return tripperFunc(func(r *http.Request) (*http.Response, error) {
						r = r.Clone(r.Context())
						change(r.Header)
						if _, ok := r.Header["User-Agent"]; !ok {
							r.Header["User-Agent"] = []string{""} // else Go adds its own
						}
						return next.RoundTrip(r)
					})
				}
			}
			if a.Text("from") != "request" {
				hooks.Response = func(resp *http.Response) error {
					change(resp.Header)
					return nil
				}
			}
			return hooks, nil
		},
	}
}
