package compare_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/compare"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// seen is one cell as a test writes it down.
type seen struct {
	technique string
	verdict   measure.Verdict
	cause     string
	p50       []float64 // over the repetitions
}

func run(cells ...seen) *measure.Run {
	r := &measure.Run{Record: measure.RunRecord{ID: "r", TimeScale: .01, Host: measure.Host{OS: "linux", CPUs: 2}}, End: &measure.EndRecord{Complete: true}}
	for _, s := range cells {
		l := measure.Labels{Technique: s.technique, Proxy: "real:nginx", Client: "go", HTTP: "1.1"}
		r.Cells = append(r.Cells, measure.CellRecord{Cell: l.ID(), Labels: l, Verdict: s.verdict, Cause: s.cause})
		k := measure.CheckRecord{Cell: l.ID(), Labels: l, Check: "delivery/steady", Kind: measure.Required, Verdict: s.verdict, ProxyVersion: "1.22.1"}
		switch {
		case len(s.p50) == 1:
			k.Values = map[string]float64{"delay_p50_ms": s.p50[0]}
		case len(s.p50) > 1:
			k.Samples = map[string][]float64{"delay_p50_ms": s.p50}
		}
		r.Checks = append(r.Checks, k)
	}
	return r
}

func compareRuns(old, now *measure.Run) measure.Comparison {
	return compare.Runs([]*measure.Run{old}, []*measure.Run{now}, compare.Options{})
}

func TestVerdictsAreComparedExactly(t *testing.T) {
	const w, d, b = measure.Works, measure.Degraded, measure.Broken
	for _, tt := range []struct {
		name     string
		old, now seen
		want     measure.Way // "" is no change
	}{
		{"the same", seen{verdict: w}, seen{verdict: w}, ""},
		{"the same trouble", seen{verdict: b, cause: "buffered"}, seen{verdict: b, cause: "buffered"}, ""},
		{"worse", seen{verdict: w}, seen{verdict: d, cause: "hold-timer"}, measure.ChangeWorse},
		{"much worse", seen{verdict: d, cause: "hold-timer"}, seen{verdict: b, cause: "buffered"}, measure.ChangeWorse},
		{"better", seen{verdict: b, cause: "buffered"}, seen{verdict: d, cause: "hold-timer"}, measure.ChangeBetter},
		{"another cause", seen{verdict: b, cause: "buffered"}, seen{verdict: b, cause: "idle-timeout"}, measure.ChangeWorse},
		{"a more precise cause", seen{verdict: b, cause: "buffered"}, seen{verdict: b, cause: "buffer-until-close"}, measure.ChangeWorse},
		{"skipped now", seen{verdict: w}, seen{verdict: measure.Skipped}, measure.ChangeGone},
		{"unsupported now", seen{verdict: b}, seen{verdict: measure.Unsupported}, measure.ChangeGone},
		{"skipped before", seen{verdict: measure.Skipped}, seen{verdict: b, cause: "buffered"}, measure.ChangeNew},
		{"never a verdict", seen{verdict: measure.Skipped}, seen{verdict: measure.HarnessFailed}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := compareRuns(run(tt.old), run(tt.now))
			switch {
			case tt.want == "" && len(c.Changes) > 0:
				t.Errorf("it is %s", c.Changes[0])
			case tt.want != "" && (len(c.Changes) != 1 || c.Changes[0].Way != tt.want):
				t.Errorf("changes %v, want one that is %s", c.Changes, tt.want)
			}
		})
	}
}

func TestNewAndGoneCells(t *testing.T) {
	c := compareRuns(
		run(seen{technique: "eventsource", verdict: measure.Works}, seen{technique: "long-poll", verdict: measure.Broken}),
		run(seen{technique: "eventsource", verdict: measure.Works}, seen{technique: "websocket", verdict: measure.Works}))
	if c.Same != 1 || c.Count(measure.ChangeNew) != 1 || c.Count(measure.ChangeGone) != 1 || len(c.Changes) != 2 {
		t.Errorf("%d the same, changes %v", c.Same, c.Changes)
	}
	only := compare.Runs([]*measure.Run{run(seen{technique: "eventsource", verdict: measure.Works})}, []*measure.Run{run()},
		compare.Options{Only: func(l measure.Labels) bool { return l.Technique != "eventsource" }})
	if len(only.Changes) != 0 {
		t.Errorf("a cell that was left out is %v", only.Changes)
	}
}

func TestLatenciesAreComparedAsDistributions(t *testing.T) {
	flat := func(base float64, n int) []float64 {
		var out []float64
		for i := range n {
			out = append(out, base+float64(i)/10)
		}
		return out
	}
	for _, tt := range []struct {
		name     string
		old, now []float64
		want     measure.Way
		note     bool // that they were not compared
	}{
		{"worse", flat(100, 5), flat(130, 5), measure.ChangeWorse, false},
		{"better", flat(130, 5), flat(100, 5), measure.ChangeBetter, false},
		{"less than a fifth", flat(100, 5), flat(115, 5), "", false},
		{"less than 5 ms", flat(1, 5), flat(4, 5), "", false},
		{"within the spread", []float64{80, 90, 100, 140, 150}, []float64{85, 120, 135, 145, 95}, "", false},
		{"too few to tell", flat(100, 3), flat(300, 3), "", true},
		{"once each", flat(100, 1), flat(300, 1), "", true},
		{"many against few", flat(100, 12), flat(130, 2), measure.ChangeWorse, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := compareRuns(run(seen{verdict: measure.Works, p50: tt.old}), run(seen{verdict: measure.Works, p50: tt.now}))
			got := measure.Way("")
			if len(c.Changes) == 1 {
				got = c.Changes[0].Way
			}
			if got != tt.want {
				t.Errorf("%q, want %q: %v", got, tt.want, c.Changes)
			}
			if noted := slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "were not compared") }); noted != tt.note {
				t.Errorf("notes %q", c.Notes)
			}
			if tt.want != "" && !c.Changes[0].LatencyAlone() {
				t.Error("more than the latency changed")
			}
		})
	}
}

// A tail within the noise of the machine is not told as slower.
func TestTailsWithinTheNoiseFloor(t *testing.T) {
	with := func(floor float64, p99 ...float64) *measure.Run {
		r := run(seen{verdict: measure.Works})
		r.Record.NoiseFloor = map[string]float64{"delay_p99_ms": floor}
		r.Checks[0].Samples = map[string][]float64{"delay_p99_ms": p99}
		return r
	}
	quiet, loud := []float64{5, 6, 7, 8, 9}, []float64{25, 26, 27, 28, 29}
	if c := compareRuns(with(30, quiet...), with(3, loud...)); len(c.Changes) != 0 {
		t.Errorf("20 ms more in the tail, where the floor is 30 ms: %v", c.Changes)
	}
	if c := compareRuns(with(3, quiet...), with(3, loud...)); c.Count(measure.ChangeWorse) != 1 {
		t.Errorf("20 ms more in the tail, where the floor is 3 ms: %v", c.Changes)
	}
}

func TestWhatMakesAComparisonDoubtfulIsNoted(t *testing.T) {
	old, now := run(seen{verdict: measure.Works}), run(seen{verdict: measure.Broken, cause: "buffered"})
	old.End = nil
	now.Record.Host.CPUs = 8
	now.Record.TimeScale = .1
	now.Record.LateMS = 500
	now.Record.Shard = &measure.Shard{Index: 1, Of: 2, Plan: "p", Cells: 2}
	now.Record.Planned = 1
	now.Checks[0].ProxyVersion = "1.26.0"
	now.Checks = append(now.Checks, measure.CheckRecord{Labels: now.Cells[0].Labels, Check: "delivery/burst"})
	c := compareRuns(old, now)
	all := strings.Join(c.Notes, "\n")
	for _, want := range []string{"interrupted", "different machines", "time scales", "thresholds", "Shard 2 of 2"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q: %q", want, c.Notes)
		}
	}
	if text := c.Changes[0].String(); !strings.Contains(text, "asked now only: delivery/burst") || !strings.Contains(text, "proxy version 1.26.0, was 1.22.1") {
		t.Errorf("the change says %s", text)
	}
}

func ExampleRuns() {
	old := run(seen{technique: "eventsource", verdict: measure.Works, p50: []float64{100, 101, 99, 102, 100}})
	now := run(seen{technique: "eventsource", verdict: measure.Works, p50: []float64{131, 129, 130, 133, 130}})
	c := compare.Runs([]*measure.Run{old}, []*measure.Run{now}, compare.Options{Thresholds: measure.LatencyThresholds{Percent: 25, Least: 10 * time.Millisecond}})
	for _, change := range c.Of(measure.ChangeWorse) {
		fmt.Println(change)
	}
	// Output: eventsource via real:nginx (go): works; delivery/steady delay_p50_ms +30 %: 130.00 [129.00 to 133.00], was 100.00 [99.00 to 102.00]; n=5 and 5, p=0.008
}
