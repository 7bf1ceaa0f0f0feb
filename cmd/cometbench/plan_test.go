package main

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/fidelity"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

// The matrix that nobody asked for by name: eight techniques through eight
// paths by the Go client, and half of that by the browser, which is asked what
// it could answer differently.
func TestDefaultMatrix(t *testing.T) {
	var o runOptions
	o.HTTP = []string{"1.1"}
	m, closeAll, err := o.matrix(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	techniques := []string{"short-poll", "long-poll", "callback-poll", "xhr-streaming", "forever-iframe", "multipart", "eventsource", "websocket"}
	paths := []string{
		"direct", "transparent", "fault:buffer(until=close)", "nginx-default",
		"real:nginx", "real:nginx/streaming", "real:haproxy", "real:haproxy/streaming",
	}
	byBrowser := []string{"direct", "fault:buffer(until=close)", "real:nginx", "real:nginx/streaming"}
	ofBrowser := []string{"opening/connect", "delivery/first", "delivery/steady", "delivery/burst", "counting/connections"}
	var want []string
	for _, path := range paths {
		for _, client := range []string{"go", "chromium"} {
			for _, technique := range techniques {
				if client == "go" || slices.Contains(byBrowser, path) {
					want = append(want, technique+" via "+path+" ("+client+")")
				}
			}
		}
	}
	var got []string
	for _, l := range m.Labels() {
		got = append(got, l.String())
		for _, check := range scenarios.UpTo(scenarios.All(), scenarios.Quick) {
			asked := m.Ask(scenarios.Combination{Labels: l, Mode: "reverse"}, check.ID)
			if asked != (l.Client == "go" || slices.Contains(ofBrowser, check.ID)) {
				t.Errorf("%s: asked %s: %t", l, check.ID, asked)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d cells, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
}

// The suite fidelity measures both sides of each pair that its report looks for.
func TestFidelitySuiteHasEachPair(t *testing.T) {
	s, err := suite.ByName("fidelity", known())
	if err != nil {
		t.Fatal(err)
	}
	m, closeAll, err := runOptions{}.matrix(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	for _, name := range fidelity.Proxies(fidelity.Pairs()) {
		if !slices.ContainsFunc(m.Paths, func(p scenarios.Path) bool { return p.Proxy.Name() == name }) {
			t.Errorf("scenarios/suite/builtin/fidelity.yaml has no %s", name)
		}
	}
}

// What flags say goes before what the suite says, and a resumed run keeps it.
func TestFlagsGoBeforeTheSuite(t *testing.T) {
	s, err := suite.Parse("s.yaml", []byte("matrix: {techniques: [eventsource], proxies: [direct], http: ['1.1', '2'], tls: true}\ntime_scale: 0.5\nrepeat: 3\nseed: 0\nfail_on: broken\nmax_wait: 9s"), known())
	if err != nil {
		t.Fatal(err)
	}
	o := runOptions{selection: selection{TimeScale: .01, Repeat: 7, Seed: 1, Given: []string{"repeat"}}, parallel: 36}
	o.follow(s)
	if o.Repeat != 7 || o.TimeScale != .5 || o.Seed != 0 || o.FailOn != "broken" || o.MaxWait.Seconds() != 9 || !o.TLS || o.parallel != 36 || !slices.Equal(o.HTTP, []string{"1.1", "2"}) {
		t.Errorf("%+v", o)
	}
	o.Techniques, o.HTTP, o.Given = []string{"websocket"}, []string{"1.1"}, []string{"technique", "http"}
	m, closeAll, err := o.matrix(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	if l := m.Labels(); len(l) != 1 || l[0].Technique != "websocket" || l[0].HTTP != "1.1" || !l[0].TLS {
		t.Errorf("cells %v", l)
	}
}

func TestExitCodes(t *testing.T) {
	failed := measure.Gate{Gate: measure.GateFailOn, Rule: "broken", Failed: []string{"a", "b", "c", "d", "e", "f", "g"}}
	holds := measure.Gate{Gate: measure.GateExpect, Rule: "s", Passed: 3, Open: []string{"skipped"}}
	harness := map[measure.Verdict]int{measure.HarnessFailed: 1, measure.SetupFailed: 1}
	for _, tt := range []struct {
		name string
		end  measure.EndRecord
		code int
		says []string
	}{
		{"no gate", measure.EndRecord{Verdicts: map[measure.Verdict]int{measure.Broken: 5}}, 0, nil},
		{"a gate that holds", measure.EndRecord{Gates: []measure.Gate{holds}}, 0, nil},
		{"one that does not", measure.EndRecord{Gates: []measure.Gate{holds, failed}}, exitGate, []string{"gate --fail-on broken: 7 cells", "and 2 more"}},
		{"a failed measurement", measure.EndRecord{Verdicts: harness}, exitHarness, []string{"2 cells say nothing"}},
		{"both", measure.EndRecord{Verdicts: harness, Gates: []measure.Gate{failed}}, exitHarness, []string{"2 cells say nothing", "gate --fail-on broken"}},
	} {
		err := outcomeOf(tt.end)
		var exit *exitError
		if (err == nil) != (tt.code == 0) || errors.As(err, &exit) && exit.code != tt.code {
			t.Errorf("%s: %v", tt.name, err)
		}
		for _, s := range tt.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %q does not say %q", tt.name, err, s)
			}
		}
	}
}

// The schema in the repository is the one of this program.
func TestSchemaFileIsCurrent(t *testing.T) {
	want, err := suite.Schema(known(), plainProxies())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../ci/suite.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("ci/suite.schema.json is not what cometbench init --schema prints; make schema renews it")
	}
}
