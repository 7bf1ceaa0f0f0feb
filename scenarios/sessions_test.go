package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// judged asks one check about evidence of a technique.
func judged(t *testing.T, id, technique string, e map[string]*scenarios.Evidence) scenarios.Finding {
	t.Helper()
	known, ok := measure.TechniqueByName(technique)
	if !ok {
		t.Fatal(technique)
	}
	for _, c := range scenarios.All() {
		if c.ID == id {
			return c.Judge(scenarios.Case{Technique: known, Evidence: e})
		}
	}
	t.Fatalf("no check %s", id)
	return scenarios.Finding{}
}

// TestFailuresOfSessions: what clients say of a session that they lost, and
// whose doing it is.
func TestFailuresOfSessions(t *testing.T) {
	for note, want := range map[string]struct{ cause, words string }{
		"402::session_unknown": {"session-affinity", "does not know it"},
		measure.SessionLost + ": /meta/connect: 402::session_unknown":                                            {"session-affinity", "does not know it"},
		"/meta/connect: 402::session_unknown":                                                                    {"unknown", "(maxInterval)"},
		"/meta/connect: 402::session_unknown: the request came without the BAYEUX_BROWSER cookie of its session": {"cookie-dropped", "without its cookie"},
		measure.TimerOver + ", maxNetworkDelay of 10000 ms: /meta/handshake: Message Timeout":                    {"unknown", "maxNetworkDelay of 10000 ms"},
	} {
		e := &scenarios.Evidence{Client: []measure.Event{{Kind: measure.Failed, Note: note, T: 1}}}
		if f := judged(t, "opening/connect", "bayeux-long-polling", map[string]*scenarios.Evidence{"steady": e}); f.Verdict != measure.Broken || f.Cause != want.cause || !strings.Contains(f.Got, want.words) {
			t.Errorf("%s: %s %s %s", note, f.Verdict, f.Cause, f.Got)
		}
	}
}

// TestLostSessionsWereNotSilent: of a session that went from one server to
// another nobody can say how long it bears silence, nor what its origin learned.
func TestLostSessionsWereNotSilent(t *testing.T) {
	lost := &scenarios.Evidence{Attached: true, Scale: 1, Left: time.UnixMicro(9), Client: []measure.Event{
		{Kind: measure.Prelude, T: 1}, {Kind: measure.Failed, T: 2, Note: measure.SessionLost + ": opened again"}, {Kind: measure.End, T: 3, EndKind: measure.EndFIN},
	}}
	whole := &scenarios.Evidence{Parts: []*scenarios.Evidence{lost}}
	for id, trial := range map[string]string{"delivery/idle": "silence", "ending/abort": "abort"} {
		if f := judged(t, id, "sockjs-xhr", map[string]*scenarios.Evidence{trial: whole}); f.Verdict != measure.Untested || !strings.Contains(f.Got, "lost 1 times") {
			t.Errorf("%s: %s %s %s", id, f.Verdict, f.Cause, f.Got)
		}
	}
}

// TestWhoInterrupts: an origin that says that a session was interrupted did not
// end it.
func TestWhoInterrupts(t *testing.T) {
	for note, want := range map[string]string{measure.SessionInterrupted: "proxy", "terminated": "origin"} {
		e := &scenarios.Evidence{
			Origin: []measure.Event{{Kind: measure.AbortNoticed, T: 1, Sub: 1}, {Kind: measure.End, T: 2, Sub: 2, Note: note}},
			Client: []measure.Event{{Kind: measure.End, T: 3, EndKind: measure.EndFIN}},
		}
		if by, kind := e.EndedBy(); by != want || kind != measure.EndFIN {
			t.Errorf("%s: %s %s", note, by, kind)
		}
	}
}

// TestCookiesOverTheDirectPath: a client that has none lost none there.
func TestCookiesOverTheDirectPath(t *testing.T) {
	e := &scenarios.Evidence{Attached: true, Client: []measure.Event{{Kind: measure.Prelude, T: 1}}}
	for sub := range 3 {
		e.Origin = append(e.Origin, measure.Event{Kind: measure.Headers, T: int64(sub), Sub: sub + 1, Status: 200, Note: "technique=sockjs-xhr"})
	}
	if f := judged(t, "opening/session", "sockjs-xhr", map[string]*scenarios.Evidence{"session": e}); f.Verdict != measure.Works {
		t.Errorf("%s %s %s", f.Verdict, f.Cause, f.Got)
	}
}
