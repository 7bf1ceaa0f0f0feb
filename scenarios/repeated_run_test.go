package scenarios_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// A path that refuses every second time or so: each repetition draws anew, the
// cell says that it wavers, and the control is measured as often for its own
// cell.
func TestRepeatedCells(t *testing.T) {
	t.Parallel()
	const chance = "fault:upgrade(mode=refuse,if=chance:0.5)"
	var last scenarios.Progress
	opt := scenarios.Options{TimeScale: .01, Repeat: 3, Seed: 5, Progress: func(p scenarios.Progress) {
		if p.Left() < 0 || p.Cells < last.Cells {
			t.Errorf("%d cells, %s left", p.Cells, p.Left())
		}
		last = p
	}}
	r := plan{techniques: []string{"websocket"}, specs: []string{"direct", chance}, checks: []string{"opening/connect"}, mode: proxies.Reverse, opt: opt}.run(t)
	if len(r.Cells) != 2 || last.Cells != 2 || last.Total != 2 {
		t.Fatalf("%d cells, progress %d of %d", len(r.Cells), last.Cells, last.Total)
	}
	for _, c := range r.Cells {
		works := count(c.Verdicts, measure.Works)
		broken := count(c.Verdicts, measure.Broken)
		switch {
		case len(c.Verdicts) != 3:
			t.Errorf("%s was measured %d times: %v", c.Labels, len(c.Verdicts), c.Verdicts)
		case c.Proxy == "direct" && (works != 3 || c.Wavers):
			t.Errorf("%s: %v, wavers %t", c.Labels, c.Verdicts, c.Wavers)
		case c.Proxy == chance && (works == 0 || broken == 0 || !c.Wavers):
			t.Errorf("%s: %v, wavers %t", c.Labels, c.Verdicts, c.Wavers)
		case c.Proxy == chance && (c.Verdict != measure.Settle(c.Verdicts) || c.Verdict == measure.Broken && c.Cause != "upgrade-refused"):
			t.Errorf("%s: %v settle to %s because %q", c.Labels, c.Verdicts, c.Verdict, c.Cause)
		}
	}
	for _, k := range r.Checks {
		if k.Proxy == "direct" && (len(k.Samples["headers_ms"]) != 3 || len(k.Verdicts) != 3) {
			t.Errorf("%s %s has samples %v", k.Labels, k.Check, k.Samples)
		}
	}
}

func count(verdicts []measure.Verdict, v measure.Verdict) int {
	return len(slices.DeleteFunc(slices.Clone(verdicts), func(o measure.Verdict) bool { return o != v }))
}

// Thresholds of a run's own are what its messages are held against.
func TestThresholdsOfARun(t *testing.T) {
	t.Parallel()
	opt := scenarios.Options{TimeScale: .01, Limits: measure.Thresholds{Prompt: 600 * time.Millisecond}} // above PromptCeiling: no noise moves it
	r := plan{techniques: []string{"websocket"}, specs: []string{"transparent"}, checks: []string{"delivery/steady"}, mode: proxies.Reverse, opt: opt}.run(t)
	if want := "each of 10 messages within 600 ms"; len(r.Checks) != 1 || r.Checks[0].Want[0] != want {
		t.Errorf("checks %+v, want %q", r.Checks, want)
	}
}
