package pages

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func get(t *testing.T, method, path string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Result()
}

func TestPagesAreServed(t *testing.T) {
	for path, want := range map[string]string{
		"/pages/long-poll.html": "text/html; charset=utf-8",
		"/pages/log.js":         "text/javascript; charset=utf-8",
		"/pages/comet.js":       "text/javascript; charset=utf-8",
	} {
		resp := get(t, "GET", path+"?nonce=1")
		h := resp.Header
		if resp.StatusCode != 200 || h.Get("Content-Type") != want || h.Get("Content-Length") == "" {
			t.Errorf("%s: status %d, %v", path, resp.StatusCode, h)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Connection") != "close" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestWhatIsNotServed(t *testing.T) {
	for path, want := range map[string]int{
		"/pages/": 404, "/pages": 404, "/pages/nothing.html": 404, "/pages/../pages.go": 404,
		"/pages/..%2fstatic": 404, "/elsewhere/long-poll.html": 404,
	} {
		if got := get(t, "GET", path).StatusCode; got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
	if resp := get(t, "POST", "/pages/long-poll.html"); resp.StatusCode != 405 || resp.Header.Get("Allow") == "" {
		t.Errorf("POST: status %d, %v", resp.StatusCode, resp.Header)
	}
}

// Each page names its own technique, and takes nothing from elsewhere.
func TestPagesNameThemselves(t *testing.T) {
	named := regexp.MustCompile(`cometbench\.technique\('([^']+)'`)
	source := regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	for _, technique := range Techniques() {
		page, err := static.ReadFile("static/" + technique + ".html")
		if err != nil {
			t.Fatal(err)
		}
		if m := named.FindSubmatch(page); m == nil || string(m[1]) != technique {
			t.Errorf("%s: names itself %q", technique, m)
		}
		for _, m := range source.FindAllSubmatch(page, -1) {
			if from := string(m[1]); from != "data:," && from != "log.js" && from != "comet.js" {
				t.Errorf("%s: takes %s", technique, from)
			}
		}
		if !strings.Contains(string(page), "<title>cometbench: "+technique+"</title>") {
			t.Errorf("%s: has another title", technique)
		}
		if !Has(technique) {
			t.Errorf("there is and is not a page for %s", technique)
		}
	}
}

// Every technique of the default matrix works in a browser.
func TestDefaultTechniquesHavePages(t *testing.T) {
	// ActiveX went with Internet Explorer; WebTransport needs a certificate that
	// the browser is told about when it starts, and a driver for HTTP/3.
	// The protocols with sessions have clients of their own, in scenarios/external.
	without := []string{"htmlfile", "webtransport", "bayeux-long-polling", "bayeux-callback-polling", "bayeux-websocket"}
	for _, technique := range measure.Techniques() {
		if strings.HasPrefix(technique.Name, "sockjs-") {
			continue // the real client is what counts in a browser
		}
		if Has(technique.Name) == slices.Contains(without, technique.Name) {
			t.Errorf("%s: page %v", technique.Name, Has(technique.Name))
		}
	}
	if Has("nothing") || Has("") || Has("log.js") {
		t.Error("pages of techniques that are none")
	}
}
