package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CountingClientMemory asks what a stream leaves behind in the browser that
// reads it: a forever iframe keeps every message until it is recycled.
func CountingClientMemory() Check {
	return Check{
		ID: "counting/client-memory", Question: "How much memory does a browser take for each megabyte streamed, and how much of it stays after recycling?",
		Kind: measure.Observe, Axis: measure.Counting, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials: []Trial{memoryTrial()},
		Applies: func(t measure.Technique) bool {
			return t.Class == measure.ClassSocket || t.Class == measure.ClassStream && !t.EndsItself
		},
		Judge: func(c Case) Finding { return judgeClientMemory(c.Evidence[memoryName]) },
	}
}

func judgeClientMemory(e *Evidence) Finding {
	if len(e.Memory) < 3 || e.Counts().Received < memoryCount {
		return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("%d of %d messages arrived", e.Counts().Received, memoryCount)}
	}
	const streamed = float64(memoryCount*memoryPiece) / 1e6 // MB
	before, full, rested := float64(e.Memory[0]), float64(e.Memory[1]), float64(e.Memory[2])
	f := Finding{Verdict: measure.Works, Values: map[string]float64{
		"before_bytes": before, "grown_bytes": full - before, "left_bytes": rested - before, "grown_per_mb_bytes": (full - before) / streamed,
	}}
	f.Got = fmt.Sprintf("%.0f MB before, %.0f MB more after %.1f MB of messages, %.0f MB more %s after recycling",
		before/1e6, (full-before)/1e6, streamed, (rested-before)/1e6, short(memoryRest))
	return f
}
