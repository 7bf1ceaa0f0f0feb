package reports

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// manyCells is a run of 5,000 cells, a third of them not fine: 25 techniques
// through 50 proxies, by four clients. It has no timelines: their
// drawings are paid for out of the budget of what is shown whole.
func manyCells() *measure.Run {
	techniques := []string{"bayeux-long-polling", "bayeux-callback-polling", "bayeux-websocket", "sockjs-xhr", "sockjs-xhr-streaming", "sockjs-eventsource", "sockjs-htmlfile", "sockjs-jsonp", "sockjs-websocket", "app"}
	for _, t := range measure.Techniques() {
		techniques = append(techniques, t.Name)
	}
	run := &measure.Run{Record: runRecord("large"), End: &measure.EndRecord{Finished: began, Complete: true}}
	for i, technique := range techniques[:25] {
		for j := range 50 {
			for k, client := range []string{"go", "chromium", "firefox", "webkit"} {
				p := plan{labels: labels(technique, fmt.Sprintf("real:program-%02d/a-configuration-with-a-name", j), client), verdict: measure.Works}
				switch (i + j + k) % 9 {
				case 0, 1:
					p.verdict, p.cause, p.got = measure.Broken, measure.Causes()[(i+j)%20].ID, "10 messages in one batch when the origin ended, the first 4.4 s late; at least 2102 bytes held"
				case 2:
					p.verdict, p.cause, p.got = measure.Degraded, "hold-timer", "each of 10 messages about 700 ms late"
				}
				checks := p.checks()
				run.Checks = append(run.Checks, checks...)
				run.Cells = append(run.Cells, measure.Judge(p.labels, checks))
			}
		}
	}
	return run
}

// A page of 5,000 cells is at most 5 MB, and each of them is on it.
func TestLargePage(t *testing.T) {
	run := manyCells()
	page := render(t, HTML, run)
	if len(run.Cells) != 5000 || len(page) > 5_000_000 {
		t.Errorf("%d bytes for %d cells", len(page), len(run.Cells))
	}
	there := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="(c[0-9a-f]{12})"`).FindAllStringSubmatch(page, -1) {
		there[m[1]] = true
	}
	if len(there) != len(run.Cells) {
		t.Errorf("%d of %d cells have a place", len(there), len(run.Cells))
	}
	for _, line := range strings.Split(render(t, Text, run), "\n") {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Fatalf("a line of %d columns: %s", n, line)
		}
	}
	if n := utf8.RuneCountInString(render(t, Markdown, run)); n > 65536 {
		t.Errorf("a comment of %d characters; GitHub takes 65536", n)
	}
}

// How long it takes a browser to open it is a matter of the machine: make
// scale measures, tests do not.
func TestLargePageOpens(t *testing.T) {
	if os.Getenv("COMETBENCH_SCALE") == "" {
		t.Skip("measures time; make scale runs it")
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := WriteFile(path, Format{Write: HTML}, manyCells()); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	for range 3 {
		b.load(path, screens()[0])
		const open = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))`
		loaded := evaluate[float64](b, `performance.getEntriesByType('navigation')[0].loadEventEnd`)
		drawn := evaluate[float64](b, open)
		t.Logf("loaded after %.0f ms, drawn after %.0f ms", loaded, drawn)
		if loaded > 2000 {
			t.Errorf("opens in %.0f ms", loaded)
		}
	}
}
