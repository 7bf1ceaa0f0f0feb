package suite_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func result(technique, proxy string, v measure.Verdict, cause string, checks ...measure.CheckRecord) *measure.Result {
	l := measure.Labels{Technique: technique, Proxy: proxy, Client: "go", HTTP: "1.1"}
	return &measure.Result{CellRecord: measure.CellRecord{Cell: l.ID(), Labels: l, Verdict: v, Cause: cause, Reason: map[bool]string{true: "nginx is not installed"}[v == measure.Skipped]}, Checks: checks}
}

func TestExpected(t *testing.T) {
	s := parse(t, `
expect:
  - {verdict: works}
  - {technique: eventsource, proxy: nginx-default, verdict: broken, cause: buffered}
  - {proxy: "real:*", check: delivery/idle, verdict: [works, degraded]}
`)
	idle := measure.CheckRecord{Check: "delivery/idle", Verdict: measure.Broken, Cause: "idle-timeout"}
	steady := measure.CheckRecord{Check: "delivery/steady", Verdict: measure.Broken}
	as := result("eventsource", "nginx-default", measure.Broken, "buffered")
	g := s.Expected([]*measure.Result{
		result("eventsource", "direct", measure.Works, ""),
		as, // the later line counts
		result("long-poll", "nginx-default", measure.Degraded, "hold-timer"),
		result("eventsource", "real:nginx", measure.Skipped, ""),
		result("websocket", "real:haproxy", measure.Works, "", idle, steady),
		result("websocket", "direct", measure.Unsupported, ""),
	})
	if g.Passed != 3 || len(g.Failed) != 3 || len(g.Open) != 1 {
		t.Fatalf("%d met, failed %q, open %q", g.Passed, g.Failed, g.Open)
	}
	for i, want := range []string{
		"websocket via direct (go): unsupported; expected works (test.yaml:3)",
		"long-poll via nginx-default (go): degraded because hold-timer; expected works (test.yaml:3)",
		"websocket via real:haproxy (go), delivery/idle: broken because idle-timeout; expected works or degraded (test.yaml:5)",
	} {
		if g.Failed[i] != want {
			t.Errorf("got  %s\nwant %s", g.Failed[i], want)
		}
	}
	if !strings.Contains(g.Open[0], "skipped (nginx is not installed)") {
		t.Errorf("open: %s", g.Open[0])
	}
	if !slices.Contains(g.Expected, as.Cell) {
		t.Error("a cell that is as broken as expected is not among the expected ones")
	}

	other := result("eventsource", "nginx-default", measure.Broken, "idle-timeout")
	if g := s.Expected([]*measure.Result{other}); len(g.Failed) != 1 || !strings.Contains(g.Failed[0], "broken because idle-timeout; expected broken because buffered") {
		t.Errorf("another cause: %q", g.Failed)
	}
}
