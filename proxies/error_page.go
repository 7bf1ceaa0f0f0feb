package proxies

import (
	"fmt"
	"html"
	"net/http"
)

func errorPageFault() Fault {
	return Fault{
		Name:     "error-page",
		Means:    "The proxy answers with a page of its own, whatever the status, or with no content (204, 304); the origin never sees the request.",
		Source:   "any proxy with a dead upstream or an access rule",
		Provokes: []Provoke{{"error-page", "error-page(status=502)"}, {"error-page", "error-page(status=200)"}},
		Params: []Param{
			{Name: "status", Type: Count, Default: "502", Main: true, Means: "of the page"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			if err != nil {
				return Hooks{}, err
			}
			title := html.EscapeString(fmt.Sprintf("%d %s", status, http.StatusText(status)))
			if status == http.StatusNoContent || status == http.StatusNotModified {
				return Hooks{Request: func(r *http.Request) *http.Response { return emptyAnswer(r, status) }}, nil
			}
			page := "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"
			return Hooks{Request: func(r *http.Request) *http.Response {
				return ownPage(r, status, "text/html", page)
			}}, nil
		},
	}
}
