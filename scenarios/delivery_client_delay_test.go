package scenarios

import (
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// beside builds the evidence of a client and of the Go client beside it: ten
// messages, delays in milliseconds, negative for what never came.
func beside(own, witness [10]int) Case {
	start := time.UnixMicro(1_000_000_000)
	part := func(delays [10]int) *Evidence {
		e := &Evidence{}
		for i, d := range delays {
			id := string(rune('a' + i))
			due := start.Add(time.Duration(i) * steadySpacing)
			e.Sent = append(e.Sent, Sent{ID: id, Due: due, Bytes: 60})
			e.Origin = append(e.Origin, measure.Event{Kind: measure.Write, ID: id, T: due.UnixMicro(), Bytes: 100})
			if d >= 0 {
				e.Client = append(e.Client, measure.Event{Kind: measure.Received, ID: id, T: due.Add(time.Duration(d) * time.Millisecond).UnixMicro()})
			}
		}
		return e
	}
	a, b := part(own), part(witness)
	a.Parts = []*Evidence{a, b}
	return Case{Client: "firefox", Limits: measure.NewThresholds(0, 0), Evidence: map[string]*Evidence{witnessName: a}}
}

func TestClientDelay(t *testing.T) {
	prompt := [10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	for _, c := range []struct {
		name         string
		own, witness [10]int
		verdict      measure.Verdict
		cause        string
		bytes        float64
	}{
		{"prompt", [10]int{2, 3, 2, 2, 30, 2, 2, 2, 2, 2}, prompt, measure.Works, "", 0},
		{"throttled", [10]int{52, 50, 51, 20, 52, 49, 52, 52, 50, 51}, prompt, measure.Degraded, "browser-throttle", 0},
		{"sniffed", [10]int{812, 542, 272, 2, 2, 2, 2, 2, 2, 2}, prompt, measure.Degraded, "browser-sniff", 400},
		// What both get late is the path's doing.
		{"a slow path", [10]int{302, 301, 300, 300, 300, 300, 300, 300, 300, 300}, [10]int{300, 300, 300, 300, 300, 300, 300, 300, 300, 300}, measure.Works, "", 0},
		{"lost", [10]int{-1, -1, -1, -1, -1, -1, -1, 2, 2, 2}, prompt, measure.Untested, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := judgeClientDelay(beside(c.own, c.witness))
			if f.Verdict != c.verdict || f.Cause != c.cause || f.Values["needed_bytes_max"] != c.bytes {
				t.Errorf("got %s %s %v: %s", f.Verdict, f.Cause, f.Values, f.Got)
			}
		})
	}
}

// What the browser's own network says stands beside it, unless it speaks of
// other messages.
func TestClientDelayByNetwork(t *testing.T) {
	throttled, prompt := [10]int{52, 50, 51, 20, 52, 49, 52, 52, 50, 51}, [10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	for held, known := range map[int64]bool{19_000: true, 90_000: false, 0: false} {
		c := beside(throttled, prompt)
		own := c.Evidence[witnessName].Parts[0]
		for i := range own.Client {
			own.Client[i].HeldUS = held
		}
		f := judgeClientDelay(c)
		p50, told := f.Values["network_p50_ms"]
		if told != known || known && (p50 != 32 || f.Values["held_p50_ms"] != 19) {
			t.Errorf("held for %d µs: %v", held, f.Values)
		}
		if f.Cause != "browser-throttle" {
			t.Errorf("cause %s", f.Cause)
		}
	}
}

func TestLikeControl(t *testing.T) {
	sniffed := measure.CheckRecord{Verdict: measure.Degraded, Cause: "browser-sniff", Values: map[string]float64{"delay_max_ms": 1000}}
	for _, c := range []struct {
		name    string
		verdict measure.Verdict
		late    float64
		control measure.CheckRecord
		want    string
	}{
		{"as over the direct path", measure.Degraded, 1100, sniffed, "browser-sniff"},
		{"much later", measure.Broken, 2700, sniffed, "buffered"},
		{"prompt", measure.Works, 10, sniffed, "buffered"},
		{"the control was fine", measure.Degraded, 900, measure.CheckRecord{Verdict: measure.Works, Values: map[string]float64{"delay_max_ms": 900}}, "buffered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := judged{CheckRecord: measure.CheckRecord{Verdict: c.verdict, Cause: "buffered", Values: map[string]float64{"delay_max_ms": c.late}}}
			likeControl(&rec, c.control)
			if rec.Cause != c.want {
				t.Errorf("cause %s, want %s", rec.Cause, c.want)
			}
		})
	}
}
