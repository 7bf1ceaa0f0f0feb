package scenarios

import (
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestPageReload(t *testing.T) {
	technique, _ := measure.TechniqueByName("eventsource")
	start := time.UnixMicro(1_000_000_000)
	evidence := func(times ...int) *Evidence { // how often each of four messages came
		e := &Evidence{Disturbed: start.Add(150 * time.Millisecond), Attached: true, Client: []measure.Event{{Kind: measure.Prelude, T: start.UnixMicro()}}}
		for i, n := range times {
			at := start.Add(time.Duration(i+1) * 100 * time.Millisecond)
			id := string(rune('a' + i))
			e.Sent = append(e.Sent, Sent{ID: id, Due: at})
			for range n {
				e.Client = append(e.Client, measure.Event{Kind: measure.Received, ID: id, T: at.UnixMicro()})
			}
		}
		return e
	}
	for _, c := range []struct {
		name string
		e    *Evidence
		want measure.Verdict
	}{
		{"all came", evidence(1, 1, 1, 1), measure.Works},
		{"one was lost", evidence(1, 0, 1, 1), measure.Broken},
		{"one came twice", evidence(1, 2, 1, 1), measure.Broken},
		{"never reloaded", &Evidence{Attached: true, Client: []measure.Event{{Kind: measure.Prelude}}}, measure.Untested},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := judgePageReload(Case{Technique: technique, Limits: measure.NewThresholds(0, 0)}, c.e)
			if f.Verdict != c.want {
				t.Errorf("%s: %s", f.Verdict, f.Got)
			}
			if c.want == measure.Works && f.Values["back_ms"] != 50 {
				t.Errorf("back after %v ms, want 50", f.Values["back_ms"])
			}
		})
	}
}

func TestClientMemory(t *testing.T) {
	e := &Evidence{Memory: []int64{200e6, 230e6, 205e6}}
	if f := judgeClientMemory(e); f.Verdict != measure.Untested {
		t.Errorf("without messages: %s", f.Verdict)
	}
	for i := range memoryCount {
		id := string(rune(0x4e00 + i))
		e.Sent = append(e.Sent, Sent{ID: id})
		e.Client = append(e.Client, measure.Event{Kind: measure.Received, ID: id, T: 1})
	}
	f := judgeClientMemory(e)
	if f.Verdict != measure.Works || f.Values["grown_bytes"] != 30e6 || f.Values["left_bytes"] != 5e6 {
		t.Errorf("%s %v", f.Verdict, f.Values)
	}
	if perMB := f.Values["grown_per_mb_bytes"]; perMB < 3.5e6 || perMB > 3.6e6 { // 30 MB for 8.39
		t.Errorf("%v bytes a megabyte", perMB)
	}
}
