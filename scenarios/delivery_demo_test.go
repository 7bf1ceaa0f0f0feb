package scenarios

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/plays"
)

func TestJudgeDemo(t *testing.T) {
	step := func(took time.Duration, err error) plays.Step { return plays.Step{Name: "act", Took: took, Err: err} }
	gone := context.DeadlineExceeded
	control := plays.Performance{Steps: []plays.Step{step(time.Second, nil)}}
	for _, c := range []struct {
		name    string
		seen    plays.Performance
		verdict measure.Verdict
		cause   string
	}{
		{"as without a path", plays.Performance{Steps: []plays.Step{step(1100*time.Millisecond, nil)}}, measure.Works, ""},
		{"late", plays.Performance{Steps: []plays.Step{step(1900*time.Millisecond, nil)}}, measure.Degraded, "buffered"},
		{"later", plays.Performance{Steps: []plays.Step{step(4*time.Second, nil)}}, measure.Broken, "buffered"},
		{"within its slack", plays.Performance{Steps: []plays.Step{{Took: 4 * time.Second, Slack: 4 * time.Second}}}, measure.Works, ""},
		{"never", plays.Performance{Steps: []plays.Step{step(10*time.Second, gone)}}, measure.Broken, "buffered"},
		{"without its header", plays.Performance{Steps: []plays.Step{step(0, gone)}, Bare: true}, measure.Broken, "header-dropped"},
		{"cut after silence", plays.Performance{Steps: []plays.Step{step(0, gone)}, Trouble: measure.Trouble{
			Breaks: []measure.Break{{Silence: 2 * time.Second}}}}, measure.Broken, "idle-timeout"},
		{"cut", plays.Performance{Steps: []plays.Step{step(0, gone)}, Trouble: measure.Trouble{Breaks: []measure.Break{{}}}}, measure.Broken, "truncated"},
		{"given up by the path", plays.Performance{Steps: []plays.Step{step(0, gone)}, Trouble: measure.Trouble{Refused: []int{504}}}, measure.Broken, "first-byte-timeout"},
		{"refused by the path", plays.Performance{Steps: []plays.Step{step(0, gone)}, Trouble: measure.Trouble{Refused: []int{502}}}, measure.Broken, "error-page"},
	} {
		f := judgeDemo(Case{
			Limits:   measure.NewThresholds(0, 0),
			Evidence: map[string]*Evidence{demoName: {Play: c.seen}}, Control: map[string]*Evidence{demoName: {Play: control}},
		})
		if f.Verdict != c.verdict || f.Cause != c.cause || f.Got == "" {
			t.Errorf("%s: %s because %q (%s); want %s because %q", c.name, f.Verdict, f.Cause, f.Got, c.verdict, c.cause)
		}
		if _, known := measure.CauseByID(f.Cause); f.Cause != "" && !known {
			t.Errorf("%s: cause %q is not in the table", c.name, f.Cause)
		}
	}
}

// A demo is asked nothing but how it plays, and techniques are not asked that.
func TestDemosHaveAQuestionOfTheirOwn(t *testing.T) {
	m := Matrix{Checks: All()}
	demo := measure.Demos()[0]
	path, err := controlOf(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := m.cell(demo, "", path, Receiver{Name: "chromium"}, "1.1")
	if len(c.checks) != 1 || c.checks[0].ID != "delivery/demo" {
		t.Errorf("a demo is asked %d questions", len(c.checks))
	}
	tech, _ := measure.TechniqueByName("eventsource")
	c, _ = m.cell(tech, "", path, Receiver{Name: "go"}, "1.1")
	for _, check := range c.checks {
		if strings.HasSuffix(check.ID, "/demo") {
			t.Error("a technique is asked how it plays")
		}
	}
}
