package fidelity

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

var update = flag.Bool("update", false, "write the golden files anew")

// asked is one answer to a check.
type asked struct {
	check   string
	verdict measure.Verdict
	cause   string
	values  map[string]float64
}

// measured adds a cell to a run.
func measured(run *measure.Run, proxy, technique, variant string, answers ...asked) {
	l := measure.Labels{Technique: technique, Proxy: proxy, Client: "go", HTTP: "1.1", Variant: variant}
	var checks []measure.CheckRecord
	for _, a := range answers {
		rec := measure.CheckRecord{Type: measure.TypeCheck, Cell: l.ID(), Labels: l, Check: a.check, Kind: measure.Required, Axis: measure.Delivery,
			Verdict: a.verdict, Cause: a.cause, Values: a.values}
		if strings.HasPrefix(proxy, "real:") {
			rec.ProxyVersion, rec.ProxyConfig = "1.2.3", "sha256:0123456789abcdef"
		}
		if a.verdict == measure.Skipped {
			rec.Got = "75s of silence survived"
		}
		checks = append(checks, rec)
	}
	run.Checks = append(run.Checks, checks...)
	run.Cells = append(run.Cells, measure.Judge(l, checks))
}

var testPairs = []Pair{
	{Real: "real:a", Sim: "a-default", Mode: "reverse", Tuned: true},
	{Real: "real:b", Sim: "fault:buffer(until=close)", Mode: "forward"},
	{Real: "real:c", Sim: "c-default", Mode: "reverse", Note: "the documentation does not say | what of"},
}

func testRun() *measure.Run {
	run := &measure.Run{Record: measure.RunRecord{ID: "r1", Started: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Host: measure.Host{OS: "linux", Arch: "amd64", CPUs: 2}}}
	steady, idle := "delivery/steady", "delivery/idle"
	limit := func(s float64) map[string]float64 { return map[string]float64{"idle_limit_s": s} }
	// Agrees, with a limit 3 % off.
	measured(run, "real:a", "eventsource", "", asked{check: steady, verdict: measure.Works}, asked{idle, measure.Degraded, "idle-timeout", limit(60)})
	measured(run, "a-default", "eventsource", "", asked{check: steady, verdict: measure.Works}, asked{idle, measure.Degraded, "idle-timeout", limit(61.8)})
	// The program's silence was not waited out: held against nobody.
	measured(run, "real:a", "xhr-streaming", "", asked{check: steady, verdict: measure.Works}, asked{check: idle, verdict: measure.Skipped})
	measured(run, "a-default", "xhr-streaming", "", asked{check: steady, verdict: measure.Works}, asked{idle, measure.Degraded, "idle-timeout", limit(300)})
	// A false works, and a limit 10 % off.
	measured(run, "real:a", "forever-iframe", "", asked{steady, measure.Broken, "buffered", nil}, asked{idle, measure.Degraded, "idle-timeout", limit(60)})
	measured(run, "a-default", "forever-iframe", "", asked{check: steady, verdict: measure.Works}, asked{idle, measure.Works, "", limit(66)})
	// The same verdict for another cause.
	measured(run, "real:b", "eventsource", "", asked{steady, measure.Broken, "compression", nil})
	measured(run, "fault:buffer(until=close)", "eventsource", "forward", asked{steady, measure.Broken, "buffered", nil})
	// Of two modes the pair's counts.
	measured(run, "fault:buffer(until=close)", "eventsource", "", asked{steady, measure.Broken, "compression", nil})
	// One side says nothing.
	measured(run, "real:b", "websocket", "", asked{check: steady, verdict: measure.HarnessFailed})
	measured(run, "fault:buffer(until=close)", "websocket", "forward", asked{check: steady, verdict: measure.Works})
	measured(run, "real:c", "eventsource", "", asked{check: steady, verdict: measure.Skipped})
	return run
}

func TestCompare(t *testing.T) {
	r := Compare(testPairs, testRun())
	s := r.Shares(nil)
	if s.Cells != (Share{2, 4}) || s.Figures != (Share{1, 2}) || s.FalseWorks != 1 {
		t.Errorf("%+v", s)
	}
	if tuned := r.Shares(func(p Pair) bool { return p.Tuned }); tuned.Cells != (Share{2, 3}) {
		t.Errorf("tuned: %+v", tuned)
	}
	a, b, c := r.Pairs[0], r.Pairs[1], r.Pairs[2]
	if len(a.Unasked) != 1 || !strings.Contains(a.Unasked[0], "idle-timeout") {
		t.Errorf("not asked: %q", a.Unasked)
	}
	if len(b.Apart) != 1 || !strings.Contains(b.Apart[0], "harness_failed") {
		t.Errorf("not comparable: %q", b.Apart)
	}
	if len(b.Cells) != 1 || b.Cells[0].Agrees || b.Cells[0].Sim.Cause != "buffered" {
		t.Errorf("the other mode was compared: %+v", b.Cells)
	}
	if c.Missing == "" || len(c.Cells) != 0 {
		t.Errorf("skipped: %+v", c)
	}
}

// Silence that the program was seen to bear for longer than the simulation does
// is an answer, whatever else was not waited for.
func TestSilenceThatIsOutlasted(t *testing.T) {
	for limit, agree := range map[float64]int{20: 0, 60: 0, 74: 1, 300: 1} {
		run := new(measure.Run)
		steady := asked{check: "delivery/steady", verdict: measure.Works}
		measured(run, "real:a", "websocket", "", steady, asked{"delivery/idle", measure.Skipped, "", map[string]float64{"silence_s": 75}})
		measured(run, "a-default", "websocket", "", steady, asked{"delivery/idle", measure.Degraded, "max-duration", map[string]float64{"duration_limit_s": limit}})
		r := Compare(testPairs[:1], run)
		if s := r.Shares(nil); s.Cells != (Share{agree, 1}) || len(r.Pairs[0].Unasked) != agree {
			t.Errorf("a limit of %g s, 75 s survived: %+v, not asked %q", limit, s, r.Pairs[0].Unasked)
		}
	}
}

// What was measured again later counts.
func TestCompareTakesTheLaterRun(t *testing.T) {
	again := &measure.Run{}
	measured(again, "real:a", "forever-iframe", "", asked{check: "delivery/steady", verdict: measure.Works})
	if s := Compare(testPairs[:1], testRun(), again).Shares(nil); s.Cells != (Share{3, 3}) || s.FalseWorks != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWriteMarkdown(t *testing.T) {
	var b strings.Builder
	if err := Compare(testPairs, testRun()).WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "fidelity.md")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("differs from %s (-update writes it):\n%s", golden, b.String())
	}
}

// Each program has a configuration that its presets were not tuned on, or is
// none that was there to tune on.
func TestPairsForetell(t *testing.T) {
	foretold := map[string]bool{}
	for _, p := range Pairs() {
		name, _, _ := strings.Cut(strings.TrimPrefix(p.Real, "real:"), "/")
		foretold[name] = foretold[name] || !p.Tuned
	}
	for name, ok := range foretold {
		if !ok && name != "envoy" && name != "traefik" {
			t.Errorf("%s has no configuration that nothing was tuned on", name)
		}
	}
}
