package proxies

import (
	"errors"
	"net/http"
)

func headerFault() Fault {
	return Fault{
		Name:   "header",
		Means:  "A header is removed on the way, added, set, or rewritten where it is there.",
		Source: "manual reconnects without Last-Event-ID (turnstonelabs/turnstone#552); caches that drop cookies",
		Provokes: []Provoke{
			{"header-dropped", "header(strip=Last-Event-ID,request)"},
			{"cookie-dropped", "header(strip=Cookie,request)&header(strip=Set-Cookie,response)"},
		},
		Params: []Param{
			{Name: "strip", Type: Text, Main: true, Means: "the header to remove"},
			{Name: "set", Type: Text, Means: "the header to set, whether it is there or not"},
			{Name: "add", Type: Text, Means: "the header to add a line of, beside those that are there"},
			{Name: "rewrite", Type: Text, Means: "the header to set where it is there already"},
			{Name: "to", Type: Text, Means: "the value that set, add and rewrite give"},
			{Name: "from", Type: Word, Words: []string{"request", "response", "both"}, Default: "both", Means: "which direction"},
		},
		New: func(a Args) (Hooks, error) {
			change, err := headerChange(a)
			if err != nil {
				return Hooks{}, err
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

// headerChange is what a asks for to be done to a head.
func headerChange(a Args) (func(http.Header), error) {
	var ways []string
	for _, way := range []string{"strip", "set", "add", "rewrite"} {
		if a.Has(way) {
			ways = append(ways, way)
		}
	}
	if len(ways) != 1 || a.Has("to") == (ways[0] == "strip") {
		return nil, errors.New("want strip=NAME, or one of set=NAME, add=NAME and rewrite=NAME with to=VALUE")
	}
	name, value := a.Text(ways[0]), a.Text("to")
	switch ways[0] {
	case "strip":
		return func(h http.Header) { h.Del(name) }, nil
	case "set":
		return func(h http.Header) { h.Set(name, value) }, nil
	case "add":
		return func(h http.Header) { h.Add(name, value) }, nil
	}
	return func(h http.Header) {
		if len(h.Values(name)) > 0 {
			h.Set(name, value)
		}
	}, nil
}
