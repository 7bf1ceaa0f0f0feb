package external_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/external"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// outcome is what became of one cell: verdict, cause and what it says.
type outcome struct {
	verdict measure.Verdict
	cause   string
	got     string
}

// inMatrix asks programs along paths and returns the cells by client,
// technique and path. Each program gets the techniques that are given for it.
func inMatrix(t *testing.T, techniques map[string][]string, paths, checks []string) map[string]outcome {
	t.Helper()
	k := installed(t)
	origin, err := scenarios.InProcess(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	m := scenarios.Matrix{}
	for _, spec := range paths {
		p, err := proxies.Parse(spec, proxies.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m.Paths = append(m.Paths, scenarios.Path{Proxy: p, Mode: proxies.Reverse})
	}
	for _, c := range scenarios.All() {
		if measure.Glob(checks, c.ID) {
			m.Checks = append(m.Checks, c)
		}
	}
	for _, technique := range measure.Techniques() {
		m.Techniques = append(m.Techniques, technique)
	}
	for name := range techniques {
		program, _ := external.ByName(name)
		m.Clients = append(m.Clients, scenarios.Receiver{Name: name, Client: external.NewClient(k, program), AtOnce: 4})
	}
	m.Include = func(c scenarios.Combination) bool { return measure.Glob(techniques[c.Client], c.Technique) }
	w, err := measure.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out := map[string]outcome{}
	if _, err := scenarios.Run(ctx, m, w, scenarios.Options{Origin: origin, Ended: func(cell measure.CellRecord, checks []measure.CheckRecord) {
		o := outcome{verdict: cell.Verdict, cause: cell.Cause}
		for _, c := range checks {
			o.got += c.Check + ": " + c.Got + "\n"
		}
		out[cell.Client+" "+cell.Technique+" "+cell.Proxy] = o
	}}); err != nil {
		t.Fatal(err)
	}
	return out
}

// whole asks for what takes minutes: each program by each transport.
func whole(t *testing.T) {
	t.Helper()
	if os.Getenv("COMETBENCH_EXTERNAL") == "" {
		t.Skip("COMETBENCH_EXTERNAL is not set (make external)")
	}
}

const robin, cookies = "fault:round-robin", "fault:header(strip=Cookie)"

// TestProgramsInTheMatrix: they receive, and a session that is lost between two
// servers is called so.
func TestProgramsInTheMatrix(t *testing.T) {
	// cometd, which begins anew without a pause, takes half a minute (make external).
	sessions(t, map[string][]string{"faye": {"bayeux-callback-polling", "bayeux-websocket"}, "sockjs-client": {"sockjs-xhr"}},
		[]string{robin}, 3) // it is held against the direct path
}

// TestEveryTransportInTheMatrix is the whole of it, and cookies.
func TestEveryTransportInTheMatrix(t *testing.T) {
	whole(t)
	sessions(t, map[string][]string{"cometd": {"bayeux-*"}, "faye": {"bayeux-*"}, "sockjs-client": {
		"sockjs-xhr", "sockjs-eventsource", "sockjs-xhr-streaming", "sockjs-jsonp", "sockjs-websocket"}}, []string{"direct", robin, cookies}, 33)
}

func sessions(t *testing.T, techniques map[string][]string, paths []string, cells int) {
	t.Helper()
	all := inMatrix(t, techniques, paths, []string{"opening/connect", "opening/session", "delivery/steady"})
	if len(all) != cells {
		t.Errorf("%d cells, want %d", len(all), cells)
	}
	for cell, got := range all {
		want := outcome{verdict: measure.Works}
		socket := strings.Contains(cell, "-websocket ")
		_, path, _ := strings.Cut(cell, " ")
		_, path, _ = strings.Cut(path, " ")
		switch {
		case path == robin && socket && strings.HasPrefix(cell, "faye "): // it shakes hands by a poll
			want = outcome{verdict: measure.Broken, cause: "session-affinity"}
		case socket:
		case path == robin:
			want = outcome{verdict: measure.Broken, cause: "session-affinity"}
		case path == cookies && strings.Contains(cell, " bayeux-"): // SockJS in Node has no cookies that it could lose
			want = outcome{verdict: measure.Broken, cause: "cookie-dropped"}
		}
		if path == cookies && socket && got.cause == "cookie-dropped" && strings.HasPrefix(cell, "faye ") {
			continue // it goes on by polls until the socket is open
		}
		if got.verdict != want.verdict || got.cause != want.cause {
			t.Errorf("%s: %s %s, want %s %s\n%s", cell, got.verdict, got.cause, want.verdict, want.cause, got.got)
		}
	}
}

// TestReportNamesTheTimer: a path that takes longer than a client waits for an
// answer, and one that takes longer than a server keeps a session.
func TestReportNamesTheTimer(t *testing.T) {
	whole(t)
	const late = "fault:latency(11s)"
	all := inMatrix(t, map[string][]string{"cometd": {"bayeux-*"}, "faye": {"bayeux-*"}}, []string{late}, []string{"opening/connect"})
	for cell, got := range all {
		words := "maxNetworkDelay of 10000 ms: /meta/handshake"
		if strings.HasPrefix(cell, "faye ") {
			words = "(maxInterval)"
		}
		if got.verdict != measure.Broken || got.cause != "unknown" || !strings.Contains(got.got, words) {
			t.Errorf("%s: %s %s %s, want %q", cell, got.verdict, got.cause, got.got, words)
		}
	}
	if len(all) != 6 {
		t.Errorf("%d cells, want 6", len(all))
	}
}
