package proxies

import (
	"net/http"
	"slices"
)

func postRefusedFault() Fault {
	return Fault{
		Name:     "post-refused",
		Means:    "Only GET, HEAD and OPTIONS pass; every other method is answered by the proxy.",
		Source:   "content delivery networks and filters that allow methods by list (CloudFront: GET and HEAD unless more is chosen, recalled)",
		Provokes: []Provoke{{"error-page", "post-refused"}},
		Params: []Param{
			{Name: "status", Type: Count, Default: "403", Main: true, Means: "of the refusal"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			if err != nil {
				return Hooks{}, err
			}
			passing := []string{http.MethodGet, http.MethodHead, http.MethodOptions}
			return Hooks{Request: func(r *http.Request) *http.Response {
				if slices.Contains(passing, r.Method) {
					return nil
				}
				return ownAnswer(r, status, "method not allowed here")
			}}, nil
		},
	}
}
