package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CountingStarvation asks what an ordinary request takes beside so and so many
// held streams.
func CountingStarvation() Check {
	return Check{
		ID: "counting/starvation", Question: "What does an ordinary request take while streams are held?",
		Kind: measure.Observe, Axis: measure.Counting, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{crowdTrial(crowdName, crowd)},
		Judge:  func(c Case) Finding { return judgeStarvation(c, c.Evidence[crowdName]) },
	}
}

func judgeStarvation(c Case, e *Evidence) Finding {
	alone, held := e.Stages[0], e.Stages[len(e.Stages)-1]
	if bad, failed := openingFailure(c, e.Parts[0]); failed && len(openStreams(e)) == 0 {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	if alone.Ordinary < 0 {
		return Finding{Verdict: measure.Untested, Doubtful: true, Got: "not even without streams was an ordinary request answered through this path"}
	}
	f := Finding{Verdict: measure.Works, Want: []string{fmt.Sprintf("an answer within %s", short(c.Limits.Prompt))}}
	f.Values = map[string]float64{"streams": float64(held.Streams), "alone_ms": ms(alone.Ordinary)}
	for _, s := range e.Stages[1:] {
		if s.Ordinary >= 0 {
			f.Values[fmt.Sprintf("beside_%d_ms", s.Streams)] = ms(s.Ordinary)
		}
		if s.Direct >= 0 {
			f.Values[fmt.Sprintf("origin_beside_%d_ms", s.Streams)] = ms(s.Direct)
		}
	}
	f.Got = fmt.Sprintf("%s alone, %s beside %d streams", orNever(alone.Ordinary), orNever(held.Ordinary), held.Streams)
	if held.Ordinary >= 0 && held.Ordinary <= max(c.Limits.Prompt, 5*alone.Ordinary) {
		return f
	}
	f.Verdict, f.Doubtful = c.Limits.Verdict(held.Ordinary), true
	if held.Ordinary < 0 {
		f.Verdict = measure.Broken
	}
	f.Cause = "thread-starvation"
	switch d := diagnoseClosed(c, e, held, len(openStreams(e))); {
	case starved(c, held):
		f.Got += fmt.Sprintf("; the origin itself, asked directly, took %s", orNever(held.Direct))
	case len(openStreams(e)) < held.Streams:
		f.Cause = d.cause
		f.Got += "; " + d.got
	default:
		f.Got += "; the origin itself answered at once when asked directly"
	}
	return f
}
