package scenarios

import (
	"fmt"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestReusedShare(t *testing.T) {
	on := func(conns ...int) []measure.Event {
		var out []measure.Event
		for _, c := range conns {
			out = append(out, measure.Event{Kind: measure.Headers, Status: 200, Conn: c})
		}
		return out
	}
	for _, tt := range []struct {
		requests []measure.Event
		want     float64
		known    bool
	}{
		{on(1, 1, 1), 1, true},
		{on(1, 2, 3), 0, true},
		{on(1, 2, 2), .5, true},
		{on(1), 0, false},
		{on(0, 0, 0), 0, false},
		{append(on(1, 1), measure.Event{Kind: measure.Headers, Status: 410, Conn: 9}), 1, true}, // the end of the trial
	} {
		if got, known := reused(tt.requests); got != tt.want || known != tt.known {
			t.Errorf("%v: %g, %v; want %g, %v", tt.requests, got, known, tt.want, tt.known)
		}
	}
}

func TestBytesAreJudged(t *testing.T) {
	e := opened().message("a", 100, 101).message("b", 160, 161)
	e.Wire = []WireAt{{e.at(50), 400, 300}, {e.at(200), 800, 320}, {e.at(1400), 836, 320}}
	f := judgeBytes(streaming("eventsource"), e.Evidence)
	for key, want := range map[string]float64{
		"opening_in_bytes": 400, "opening_out_bytes": 300, "message_in_bytes": 200, "message_out_bytes": 10,
		"idle_minute_in_bytes": 36, "idle_minute_out_bytes": 0, "body_bytes": 50,
	} {
		if f.Values[key] != want {
			t.Errorf("%s = %g, want %g", key, f.Values[key], want)
		}
	}
	// A poll's interval is no policy and is not shortened.
	poll := streaming("short-poll")
	if f := judgeBytes(poll, e.Evidence); f.Values["idle_minute_in_bytes"] != 36*60/1.2 {
		t.Errorf("polled: %g bytes a minute", f.Values["idle_minute_in_bytes"])
	}
	e.Client[len(e.Client)-1].T = e.at(300).UnixMicro()
	if f := judgeBytes(streaming("eventsource"), e.Evidence); f.Verdict != measure.Untested {
		t.Errorf("a held message: %s %s", f.Verdict, f.Got)
	}
}

func TestRatesAreJudged(t *testing.T) {
	// One path that keeps up, one that takes 30 ms for each message.
	for name, tt := range map[string]struct {
		takes   time.Duration
		verdict measure.Verdict
		behind  float64
	}{"keeps up": {time.Millisecond, measure.Works, 0}, "one at a time": {30 * time.Millisecond, measure.Degraded, 50}} {
		t.Run(name, func(t *testing.T) {
			e, due, free := opened(), 0, 0
			n := 0
			for _, rate := range rates {
				for range messagesAt(rate) {
					due += 1000 / rate
					free = max(due, free) + int(tt.takes/time.Millisecond)
					e = e.message(fmt.Sprint(n), due, free)
					n++
				}
			}
			f := judgeRates(streaming("eventsource"), e.Evidence)
			if f.Verdict != tt.verdict || f.Values["behind_at_per_s"] != tt.behind {
				t.Errorf("%s at %g: %s", f.Verdict, f.Values["behind_at_per_s"], f.Got)
			}
		})
	}
}

func TestStarvationIsJudged(t *testing.T) {
	e := crowded(Stage{Ordinary: -1, Direct: time.Millisecond}, opened(), opened())
	if f := judgeStarvation(streaming("eventsource"), e); f.Verdict != measure.Broken || f.Cause != "thread-starvation" {
		t.Errorf("no answer beside the streams: %s because %q: %s", f.Verdict, f.Cause, f.Got)
	}
	e = crowded(Stage{Ordinary: 3 * time.Millisecond, Direct: time.Millisecond}, opened(), opened())
	if f := judgeStarvation(streaming("eventsource"), e); f.Verdict != measure.Works || f.Values["beside_2_ms"] != 3 {
		t.Errorf("an answer at once: %s %v", f.Verdict, f.Values)
	}
}
