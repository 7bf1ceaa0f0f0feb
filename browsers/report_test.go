package browsers

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Without a driver a page posts what it saw to the origin.
func TestPagesReportByHTTP(t *testing.T) {
	c := sharedChromium(t)
	o := newOrigin(t)
	posted := make(chan string, 100)
	tries := 0
	mux := http.NewServeMux()
	mux.Handle("/", o.Server.Config.Handler)
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if tries++; tries == 1 { // what could not be posted is posted again
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		for line := range strings.Lines(string(body)) {
			posted <- line
		}
	})
	site := httptest.NewServer(mux)
	defer site.Close()

	target := measure.Target{URL: site.URL}
	p, release, err := c.take(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	opened, err := p.openPage(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.close()
	pg := opened.(*chromiumPage)
	call, cancel := pg.until(within(t), c.options.AnswerWithin)
	defer cancel()
	start := `cometbench.start({url: "` + site.URL + `/t/long-poll?channel=c", resume: true, report: "` + site.URL + `/report"})`
	if err := chromedp.Do(call, chromedp.Navigate(site.URL+pages.Path("long-poll")), chromedp.Evaluate[chromedp.Void](start)); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for len(ids) < 5 {
		select {
		case line := <-posted:
			var s sight
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if s.Kind == string(measure.Received) {
				ids = append(ids, s.ID)
			}
		case <-call.Done():
			t.Fatalf("only %v was reported", ids)
		}
	}
	if got := strings.Join(ids, " "); got != "e-1 e-2 e-3 e-4 e-5" {
		t.Errorf("got %s", got)
	}
}
