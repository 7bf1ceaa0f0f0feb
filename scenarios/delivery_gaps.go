package scenarios

import (
	"fmt"
	"maps"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// judgeGaps compares the distances between messages at the client with those
// that the application made, and with what its owner expects.
func judgeGaps(c Case, e *Evidence) Finding {
	if f, ok := nothingSent(c, e); ok {
		return f
	}
	f := Finding{Verdict: measure.Works}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
		return f
	}
	arrivals := e.Arrivals()
	var came, sent []time.Duration
	before := e.Started // the wait for the first message is a gap, too
	for _, a := range arrivals {
		sent = append(sent, a.Due.Sub(before))
		before = a.Due
	}
	received := ofKind(e.Client, measure.Received)
	if len(received) == 0 {
		f.Verdict, f.Cause, f.Got = measure.Broken, diagnoseMissing(c, e, false).cause, "no message arrived"
		return f
	}
	came = append([]time.Duration{time.UnixMicro(received[0].T).Sub(e.Started)}, gapsOf(received)...)
	most, own := quantile(came, 1), quantile(sent, 1)
	batch := 0
	for _, b := range batches(arrivals) {
		batch = max(batch, len(b.arrivals))
	}
	f.Values = map[string]float64{
		"gap_p50_ms": ms(quantile(came, .5)), "gap_p99_ms": ms(quantile(came, .99)), "gap_max_ms": ms(most),
		"origin_gap_max_ms": ms(own), "batch_max": float64(batch), "silence_max_ms": ms(longestSilenceSeen(e)),
	}
	f.Want = []string{fmt.Sprintf("no gap more than %s longer than the application's own", short(c.Limits.Prompt))}
	f.Got = fmt.Sprintf("longest gap %s (%s as sent), most messages at once %d", short(most), short(own), batch)
	f.Verdict = c.Limits.Verdict(most - own)
	within := time.Duration(c.App.Expect.GapWithin)
	if within > 0 {
		f.Want = append(f.Want, fmt.Sprintf("no gap longer than %s", short(within)))
		if most > within {
			f.Verdict = measure.Broken
		}
	}
	if f.Verdict != measure.Works {
		d := diagnoseDelay(c, e)
		f.Cause = d.cause
		maps.Copy(f.Values, d.values)
		if within > 0 && own > within {
			f.Cause = "origin-slow"
			f.Got += "; the application itself is silent for longer than it should"
		}
		f.Doubtful = !d.certain && f.Verdict == measure.Degraded
	}
	return e.onePiece(f)
}

// judgeSilence tells which silence of the application was followed by a
// message in time. How much more the path would bear, nobody can tell who
// cannot tell the application to be silent.
func judgeSilence(c Case, e *Evidence) Finding {
	arrivals := e.Arrivals()
	var longest time.Duration
	at := -1
	for i := 1; i < len(arrivals); i++ {
		if gap := arrivals[i].Due.Sub(arrivals[i-1].Due); gap > longest {
			longest, at = gap, i
		}
	}
	if at > 0 && arrivals[at-1].At.IsZero() {
		return Finding{Verdict: measure.Untested, Got: "cannot be told: what was sent before the silence did not arrive either"}
	}
	if longest < time.Second {
		return Finding{Verdict: measure.Untested, Got: "cannot be told from outside: the application was never silent for a second"}
	}
	f := Finding{Verdict: measure.Works, Values: map[string]float64{"silence_ms": ms(longest)}, Want: []string{"the message after a silence arrives at once"}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if a := arrivals[at]; a.At.IsZero() || a.Delay > c.Limits.Late {
		f.Verdict, f.Cause = measure.Broken, "idle-timeout"
		f.Got = fmt.Sprintf("what followed %s of silence did not arrive in time", short(longest))
		return f
	}
	f.Got = fmt.Sprintf("%s of silence survived; what the path does with longer ones cannot be told from outside", short(longest))
	return f
}
