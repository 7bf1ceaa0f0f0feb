package external_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/external"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestFallback: a program that may choose, in the matrix, behind a path that
// passes sockets and one that takes their upgrade away.
func TestFallback(t *testing.T) {
	k := installed(t)
	origin, err := scenarios.InProcess(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	program, _ := external.ByName("cometd")
	technique, _ := measure.TechniqueByName("bayeux-websocket")
	m := scenarios.Matrix{
		Techniques: []measure.Technique{technique}, Checks: []scenarios.Check{scenarios.OpeningFallback()},
		Clients: []scenarios.Receiver{{Name: program.Name, Client: external.NewClient(k, program), AtOnce: 2}},
	}
	want := map[string]string{"direct": "websocket: open after", "nginx-default": "long-polling: open after"}
	for spec := range want {
		p, err := proxies.Parse(spec, proxies.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m.Paths = append(m.Paths, scenarios.Path{Proxy: p, Mode: proxies.Reverse})
	}
	w, err := measure.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	asked := 0
	if _, err := scenarios.Run(ctx, m, w, scenarios.Options{Origin: origin, Ended: func(_ measure.CellRecord, checks []measure.CheckRecord) {
		for _, c := range checks {
			asked++
			if !strings.HasPrefix(c.Got, want[c.Proxy]) || c.Values["first_ms"] <= 0 || c.Values["first_ms"] < c.Values["opened_ms"] {
				t.Errorf("%s: %s %s, %v", c.Proxy, c.Verdict, c.Got, c.Values)
			}
			if met := strings.Contains(c.Got, "; before, /meta/handshake"); met != (c.Proxy == "nginx-default") {
				t.Errorf("%s: %s", c.Proxy, c.Got)
			}
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if asked != len(want) {
		t.Errorf("%d answers, want %d", asked, len(want))
	}
}
