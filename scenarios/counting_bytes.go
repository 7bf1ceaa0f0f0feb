package scenarios

import (
	"fmt"
	"math"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CountingBytes asks what a message and a minute of silence cost on the wire,
// at the client.
func CountingBytes() Check {
	return Check{
		ID: "counting/bytes", Question: "How many bytes do a message and an idle minute take at the client?",
		Kind: measure.Observe, Axis: measure.Counting, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{bytesTrial()},
		Applies: func(t measure.Technique) bool { return !t.EndsItself },
		Judge:   func(c Case) Finding { return judgeBytes(c, c.Evidence[bytesName]) },
	}
}

func judgeBytes(c Case, e *Evidence) Finding {
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	if len(e.Wire) < 3 {
		return Finding{Verdict: measure.Untested, Got: "the exchange ended before anything could be counted"}
	}
	opened, told, idle := e.Wire[0], e.Wire[1], e.Wire[2]
	if opened.In == 0 && !c.Technique.Polls() {
		return Finding{Verdict: measure.Untested, Got: "nothing had arrived when the exchange was open: the path holds it back"}
	}
	body := 0
	for _, a := range e.Arrivals() {
		if a.At.IsZero() || a.At.After(told.At) {
			return Finding{Verdict: measure.Untested, Got: "the path holds messages back, so that they cannot be told from silence"}
		}
		body += a.Bytes
	}
	if end, ended := e.End(); ended && end.T < idle.At.UnixMicro() && !c.Technique.Polls() {
		return Finding{Verdict: measure.Untested, Got: "the path ended the exchange meanwhile"}
	}
	n := float64(len(e.Sent))
	minute := 1.0
	if c.Technique.Class == measure.ClassPoll { // its interval is no shorter than ever
		minute = float64(time.Minute) / float64(idle.At.Sub(told.At))
	}
	per := func(bytes int64, by float64) float64 { return math.Round(float64(bytes) * by) }
	f := Finding{Verdict: measure.Works, Values: map[string]float64{
		"opening_in_bytes": float64(opened.In), "opening_out_bytes": float64(opened.Out),
		"message_in_bytes": per(told.In-opened.In, 1/n), "message_out_bytes": per(told.Out-opened.Out, 1/n),
		"idle_minute_in_bytes": per(idle.In-told.In, minute), "idle_minute_out_bytes": per(idle.Out-told.Out, minute),
		"body_bytes": per(int64(body), 1/n),
	}}
	v := f.Values
	f.Got = fmt.Sprintf("a message of %.0f bytes takes %.0f in and %.0f out, an idle minute %.0f in and %.0f out", v["body_bytes"],
		v["message_in_bytes"], v["message_out_bytes"], v["idle_minute_in_bytes"], v["idle_minute_out_bytes"])
	if c.Technique.Class == measure.ClassPoll {
		f.Got += fmt.Sprintf(", asked every %s", short(e.Interval))
	}
	return f
}
