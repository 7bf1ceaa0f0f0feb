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
	for _, a := range plan.Judge(second) {
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

// What is left once a cause is mended is mended in the same copy, and where no
// line helps it says what works instead.
func TestWhatIsLeftAndWhatWorksInstead(t *testing.T) {
	first := &measure.Run{Cells: []measure.CellRecord{
		cell("eventsource", "real:nginx", measure.Broken, "buffer-until-bytes"),
		cell("websocket", "real:nginx", measure.Broken, "upgrade-stripped"),
		cell("sockjs-xhr", "real:nginx", measure.Broken, "unknown"),
		cell("multipart", "real:nginx", measure.Broken, "unknown"),
		cell("long-poll", "real:nginx", measure.Works, ""),
		cell("sockjs-eventsource", "real:nginx", measure.Works, ""),
		cell("websocket", "real:haproxy", measure.Works, ""),
	}}
	dir := t.TempDir()
	plan, err := advice.Make(first, dir)
	if err != nil || len(plan.Copies) != 2 {
		t.Fatal(plan, err)
	}
	again := new(measure.Run)
	for _, k := range plan.Copies {
		for _, c := range k.Cells {
			left, cause := measure.Degraded, "truncated"
			if c.Technique == "websocket" {
				left, cause = measure.Works, ""
			}
			again.Cells = append(again.Cells, cell(c.Technique, k.Spec, left, cause))
		}
	}
	records := plan.Judge(again)
	next, err := plan.Next(again, dir)
	if err != nil || len(next.Copies) != 1 || next.Copies[0].Proxy != "real:nginx" || !slices.Equal(next.Copies[0].Upon, []string{"buffer-until-bytes"}) {
		t.Fatalf("what is left: %+v, %v", next, err)
	}
	k := next.Copies[0]
	if text := read(t, k.Spec); !strings.Contains(text, "proxy_buffering off;") || !strings.Contains(text, "proxy_http_version 1.1;") {
		t.Errorf("the copy against both causes:\n%s", text)
	}
	records = append(records, next.Judge(&measure.Run{Cells: []measure.CellRecord{cell("eventsource", k.Spec, measure.Works, "")}})...)
	if last, err := next.Next(&measure.Run{Cells: []measure.CellRecord{cell("eventsource", k.Spec, measure.Works, "")}}, dir); err != nil || len(last.Copies) != 0 {
		t.Errorf("a third round for what works: %+v, %v", last, err)
	}
	// A cause of a check behind the cell's: gone in the copy of the second round,
	// and of another cell, of which nothing was tried, left.
	behind := measure.CheckRecord{Check: "ending/truncated", Kind: measure.Optimal, Verdict: measure.Degraded, Cause: "half-open"}
	for i, name := range []string{"eventsource", "multipart"} {
		c := first.Cells[[]int{0, 3}[i]]
		behind.Labels, behind.Cell = c.Labels, c.Cell
		if c.Technique != name {
			t.Fatal("the fixture has another order")
		}
		first.Checks = append(first.Checks, behind)
	}
	mended := cell("eventsource", k.Spec, measure.Works, "")
	last := &measure.Run{Cells: []measure.CellRecord{mended}, Checks: []measure.CheckRecord{{Cell: mended.Cell, Labels: mended.Labels, Check: "ending/truncated", Kind: measure.Optimal, Verdict: measure.Works}}}
	more := advice.Besides(first, []advice.Round{{Plan: plan, Run: again}, {Plan: next, Run: last}})
	for _, a := range more {
		if want := a.Technique == "eventsource"; a.Cause != "half-open" || a.Beside == "" || a.Proven != want || (len(a.Lines) == 2) != want || (a.Reason == "") != want {
			t.Errorf("behind the cell's cause: %+v", a)
		}
	}
	if len(more) != 2 {
		t.Errorf("behind the cells' causes: %+v", more)
	}
	advice.Sort(records, first)

	found := map[string]bool{}
	for _, a := range records {
		found[a.Technique+" "+strings.Join(append(slices.Clone(a.Upon), a.Cause), " ")] = a.Proven
		want := map[string]string{"multipart": "websocket", "sockjs-xhr": "sockjs-eventsource"}[a.Technique]
		if a.Instead != want || (want == "websocket") != (len(a.InsteadLines) > 0) {
			t.Errorf("%s, %s: instead %q with %q, want %q", a.Technique, a.Cause, a.Instead, a.InsteadLines, want)
		}
	}
	for _, proven := range []string{"eventsource buffer-until-bytes", "eventsource buffer-until-bytes truncated", "websocket upgrade-stripped"} {
		if !found[proven] {
			t.Errorf("%s is not proven: %v", proven, found)
		}
	}
	var b strings.Builder
	if err := advice.WriteMarkdown(&b, records); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Of 3 pairs of a configuration and a cause, lines are proven for 2,", "another technique works instead in 1.", "| buffer-until-bytes, then **truncated** |", "degraded → works (1)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
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
