package reports

import (
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// What was measured through a preset whose numbers are hearsay says so, in
// each format for people; a real program's version is its own.
func TestHearsayIsNamed(t *testing.T) {
	run := &measure.Run{Record: runRecord("r"), End: &measure.EndRecord{Complete: true}}
	for proxy, version := range map[string]string{
		"fly": "hearsay: brendanlong/lion-reader#691 (reported)", "nginx-default": "measured: nginx 1.22.1", "real:nginx": "1.22.1-hearsay",
	} {
		p := plan{labels: labels("eventsource", proxy, "go"), verdict: measure.Works}
		checks := p.checks()
		for i := range checks {
			checks[i].ProxyVersion = version
		}
		run.Checks = append(run.Checks, checks...)
		run.Cells = append(run.Cells, measure.Judge(p.labels, checks))
	}
	for _, name := range []string{"text", "md", "html", "github"} {
		f, _ := FormatByName(name)
		text := strings.Join(strings.Fields(render(t, f.Write, run)), " ")
		if !strings.Contains(text, "1 proxy is simulated from hearsay in parts (fly)") {
			t.Errorf("%s does not name the hearsay:\n%s", name, short(text, 600))
		}
	}
	page := render(t, HTML, run)
	for _, want := range []string{"Modelled on: hearsay: brendanlong/lion-reader#691 (reported)", "Modelled on: measured: nginx 1.22.1", "Proxy version 1.22.1-hearsay"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "rest on hearsay"); n != 1 {
		t.Errorf("%d sections say that they rest on hearsay", n)
	}
}
