package advice_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/advice"
	"github.com/cometbench/cometbench/scenarios/measure"
)

func cell(technique, proxy string, v measure.Verdict, cause string) measure.CellRecord {
	l := measure.Labels{Technique: technique, Proxy: proxy, Client: "go", HTTP: "1.1"}
	return measure.CellRecord{Type: measure.TypeCell, Cell: l.ID(), Labels: l, Verdict: v, Cause: cause}
}

func TestPlanAndJudge(t *testing.T) {
	run := &measure.Run{Cells: []measure.CellRecord{
		cell("eventsource", "real:nginx", measure.Broken, "buffer-until-bytes"),
		cell("xhr-streaming", "real:nginx", measure.Broken, "buffer-until-bytes"),
		cell("websocket", "real:nginx", measure.Broken, "upgrade-stripped"),
		cell("long-poll", "real:nginx", measure.Works, ""),
		cell("eventsource", "real:caddy", measure.Degraded, "truncated"),
		cell("eventsource", "nginx-default", measure.Broken, "buffer-until-close"),
		cell("eventsource", "real:nginx+real:haproxy", measure.Broken, "buffer-until-close"),
	}}
	dir := t.TempDir()
	plan, err := advice.Make(run, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Copies) != 2 || len(plan.Untried) != 1 || plan.Untried[0].Program != "caddy" || plan.Untried[0].Reason == "" {
		t.Fatalf("copies %v, untried %v", plan.Copies, plan.Untried)
	}
	if text := read(t, plan.Copies[0].Spec); !strings.Contains(text, "proxy_buffering off;") || strings.Contains(text, "Upgrade") {
		t.Errorf("the copy against buffering:\n%s", text)
	}

	stock, err := proxies.Parse("real:nginx", proxies.ParseOptions{Real: real.Parse})
	if err != nil {
		t.Fatal(err)
	}
	m := scenarios.Matrix{Checks: scenarios.UpTo(scenarios.All(), scenarios.Quick), Clients: []scenarios.Receiver{{Name: "go"}}, Paths: []scenarios.Path{{Proxy: stock, Mode: proxies.Reverse}}}
	for _, name := range []string{"eventsource", "xhr-streaming", "websocket", "long-poll"} {
		tech, _ := measure.TechniqueByName(name)
		m.Techniques = append(m.Techniques, tech)
	}
	again, err := plan.Matrix(m)
	if err != nil {
		t.Fatal(err)
	}
	labels := again.Labels()
	if len(labels) != 3 {
		t.Fatalf("to be measured again: %v", labels)
	}

	second := new(measure.Run)
	after := map[string]measure.CellRecord{
		"eventsource": cell("", "", measure.Works, ""), "xhr-streaming": cell("", "", measure.Degraded, "truncated"), "websocket": cell("", "", measure.Broken, "upgrade-stripped"),
	}
	for _, l := range labels {
		c := after[l.Technique]
		c.Labels, c.Cell = l, l.ID()
		second.Cells = append(second.Cells, c)
	}
	proven := map[string]bool{}
	for _, a := range plan.Judge(run, second) {
		proven[a.Technique+" "+a.Proxy] = a.Proven
		if a.Proven == (a.Reason != "") {
			t.Errorf("%s: proven %v because %q", a.Labels, a.Proven, a.Reason)
		}
	}
	want := map[string]bool{"eventsource real:nginx": true, "xhr-streaming real:nginx": true, "websocket real:nginx": false, "eventsource real:caddy": false}
	for name, is := range want {
		if got, ok := proven[name]; !ok || got != is {
			t.Errorf("%s: proven %v, want %v", name, got, is)
		}
	}
}

// Each line of the table goes into the stock configuration of its program, and
// the copy can still be read as one.
func TestEveryFixHasAPlace(t *testing.T) {
	stock := map[string]string{"apache2/jk": "real:apache2/jk", "apache2/modsecurity": "real:apache2/modsecurity", "nginx/modsecurity": "real:nginx/modsecurity"}
	var elsewhere []string // what the stock configuration has not in it
	for _, fix := range measure.Fixes() {
		spec := stock[fix.Program]
		if spec == "" {
			spec = "real:" + fix.Program
		}
		if slices.Contains(fix.Causes, "header-dropped") && fix.Program == "squid" {
			spec = "real:squid/accel"
		}
		run := &measure.Run{Cells: []measure.CellRecord{cell("eventsource", spec, measure.Broken, fix.Causes[0])}}
		plan, err := advice.Make(run, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Copies) == 1 {
			continue
		}
		if fix.Without == "" {
			t.Errorf("%s against %v: %s", spec, fix.Causes, plan.Untried[0].Reason)
		}
		elsewhere = append(elsewhere, fix.Program)
	}
	if len(elsewhere) > 4 {
		t.Errorf("too many fixes change nothing in a stock configuration: %v", elsewhere)
	}
}

func read(t *testing.T, spec string) string {
	t.Helper()
	_, file, _ := strings.Cut(spec, "@")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
