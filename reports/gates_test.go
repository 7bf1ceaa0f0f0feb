package reports

import (
	"encoding/xml"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// gatedRun is a run of a suite that repeats, in which a cell wavers, one is as
// broken as expected, and the gates find something.
func gatedRun(t *testing.T) *measure.Run {
	t.Helper()
	rec := runRecord("20250314-092653")
	rec.Suite, rec.Repeat, rec.PromptMS = "streaming.yaml", 3, 100
	dir := filepath.Join(t.TempDir(), "run")
	plans := oneOfEach()[1:4] // websocket works, eventsource is broken, long-poll degraded
	run := writeRun(t, dir, rec, plans, false, false)
	expected := plans[1].labels.ID()
	for i := range run.Cells {
		run.Cells[i].Verdicts = []measure.Verdict{run.Cells[i].Verdict, run.Cells[i].Verdict, run.Cells[i].Verdict}
	}
	wavers := &run.Cells[2]
	wavers.Verdicts[1], wavers.Wavers = measure.Works, true
	for i := range run.Checks {
		run.Checks[i].Verdicts = []measure.Verdict{run.Checks[i].Verdict, run.Checks[i].Verdict, run.Checks[i].Verdict}
		if k := run.Checks[i]; k.Cell == wavers.Cell && k.Verdict == measure.Degraded {
			run.Checks[i].Verdicts[1] = measure.Works
		}
	}
	run.End = &measure.EndRecord{Type: measure.TypeEnd, Finished: rec.Started.Add(time.Minute), Cells: 3, Complete: true, Gates: []measure.Gate{
		{Gate: measure.GateExpect, Rule: "streaming", Passed: 2, Expected: []string{expected},
			Failed: []string{"long-poll via real:nginx (go): degraded because hold-timer; expected works (streaming.yaml:12)"},
			Open:   []string{"eventsource via real:haproxy (go): skipped (haproxy is not installed); expected works (streaming.yaml:12)"}},
		{Gate: measure.GateFailOn, Rule: "broken", Passed: 3},
		{Gate: measure.GateBaseline, Rule: "base.jsonl", Passed: 2, Notes: []string{"websocket via direct (go): now works"}},
	}}
	return run
}

func TestGoldenGates(t *testing.T) {
	run := gatedRun(t)
	for _, name := range []string{"text", "md", "junit", "openmetrics", "csv"} {
		f, _ := FormatByName(name)
		t.Run(name, func(t *testing.T) { golden(t, "gates-"+f.File, render(t, f.Write, run)) })
	}
	page := render(t, HTML, run)
	for _, want := range []string{
		`<section id="gates"`, "1 failed, 1 open", "failed: long-poll via real:nginx (go): degraded because hold-timer; expected works (streaming.yaml:12)",
		"± wavers", "wavers: degraded, works, degraded", "each cell measured 3 times", "prompt up to 100 ms, broken beyond 2 s", "streaming.yaml",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// What is as broken as the suite expects is no failure of a pipeline's.
func TestExpectedTroubleIsNoFailure(t *testing.T) {
	var doc xmlSuites
	if err := xml.Unmarshal([]byte(render(t, JUnitOptions{DegradedFails: true}.Write, gatedRun(t))), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Tests != 6 || doc.Failures != 2 { // the degraded cell, and the gate that it fails
		t.Errorf("%d tests, %d failures, want 6 and 2", doc.Tests, doc.Failures)
	}
}

func TestShardsAreNamed(t *testing.T) {
	shard := func(i int, plans []plan) *measure.Run {
		rec := runRecord("shard")
		rec.Planned, rec.Shard = len(plans), &measure.Shard{Index: i, Of: 3, Plan: "p", Cells: 9}
		return writeRun(t, filepath.Join(t.TempDir(), "run"), rec, plans, true, false)
	}
	all := oneOfEach()
	one, two, three := shard(1, all[:3]), shard(2, all[3:6]), shard(3, all[6:])
	if text := render(t, Text, one); !strings.Contains(text, "This is shard 1 of 3: 3 of 9 planned cells.") {
		t.Errorf("one alone:\n%s", text)
	}
	const missing = "Shard 2 of 3 is missing: 3 of 9 planned cells are not here."
	for _, f := range []string{"text", "md", "html"} {
		format, _ := FormatByName(f)
		text := strings.Join(strings.Fields(render(t, format.Write, one, three)), " ")
		if !strings.Contains(text, missing) {
			t.Errorf("%s does not say what is missing", f)
		}
		if text := render(t, format.Write, one, two, three); strings.Contains(text, "planned cells are not here") || !strings.Contains(text, "9 cells") {
			t.Errorf("%s: all three are not whole", f)
		}
	}
}

func TestThresholdsOfTheRunColourItsTimelines(t *testing.T) {
	events := trialEvents(plan{path: "late"}, "steady", 0) // each message 700 ms late
	c := charts(events, nil)[0]
	if svg := c.svg("a", "t"); !strings.Contains(svg, `class="m1"`) || strings.Contains(svg, `class="m2"`) {
		t.Error("by the usual thresholds 700 ms are late")
	}
	c.limits = measure.Thresholds{Prompt: 100 * time.Millisecond, Late: 500 * time.Millisecond}
	if svg := c.svg("a", "t"); strings.Contains(svg, `class="m1"`) || !strings.Contains(svg, `class="m2"`) {
		t.Error("by thresholds of 100 and 500 ms 700 ms are broken")
	}
}
