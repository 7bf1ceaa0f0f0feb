package scenarios

import (
	"fmt"
	"strconv"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningPreludeNeeded asks how large a first write must be, or may be, for the
// messages behind it to pass at once. It is asked where messages are held back.
func OpeningPreludeNeeded() Check {
	return Check{
		ID: "opening/prelude-needed", Question: "How large must the first write be for messages to pass at once?",
		Kind: measure.Observe, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{steadyTrial()},
		Further: whenHeld(preludeTrial),
		Applies: func(t measure.Technique) bool { return t.Class == measure.ClassStream && t.Session == "" },
		Judge: func(c Case) Finding {
			if c.Evidence[preludeName] == nil {
				return Finding{Verdict: measure.Untested, Got: "nothing is held back, so there is nothing that a prelude could set free"}
			}
			return judgePrelude(c, c.Evidence[preludeName])
		},
	}
}

func judgePrelude(c Case, e *Evidence) Finding {
	f := Finding{Values: map[string]float64{}, Want: []string{"the first messages at once, whatever the prelude"}}
	var prompt []bool
	words := ""
	for i, size := range preludeSizes {
		p := e.part(strconv.Itoa(size))
		if bad, failed := openingFailure(c, p); failed {
			return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("with %d bytes it did not open: %s", size, bad.got)}
		}
		one := judgeDelivery(c, p, false)
		prompt = append(prompt, one.Verdict == measure.Works)
		if first := p.Arrivals(); len(first) > 0 && !first[0].At.IsZero() {
			f.Values[fmt.Sprintf("first_after_%d_bytes_ms", size)] = ms(first[0].Delay)
		}
		if i > 0 {
			words += ", "
		}
		words += fmt.Sprintf("%d bytes: %s", size, one.Verdict)
	}
	needed, found := leastThat(prompt)
	switch {
	case !found:
		f.Verdict = measure.Broken
		if f.Cause = judgeDelivery(c, e.part("0"), false).Cause; heldBack(f.Cause) && f.Cause != "compression" {
			f.Cause = "buffered" // until when, so few messages do not show
		}
		f.Got = fmt.Sprintf("no prelude of up to %d bytes helps", preludeSizes[len(preludeSizes)-1])
		if prompt[0] {
			f.Cause = "prelude-dependent"
			f.Values["prelude_harms"] = 1
			f.Got = "a prelude does harm: " + words
		}
	case needed == 0:
		f.Verdict, f.Got = measure.Works, "none is needed, and none does harm"
	default:
		f.Verdict, f.Cause = measure.Degraded, "prelude-dependent"
		f.Values["prelude_needed_bytes"] = float64(preludeSizes[needed])
		f.Got = fmt.Sprintf("messages pass at once behind a prelude of %d bytes, not of %d", preludeSizes[needed], preludeSizes[needed-1])
	}
	f.Doubtful = f.Verdict != measure.Works && !monotonic(prompt)
	return f
}

// leastThat is the first index from which on all are true; false when the last
// one is not.
func leastThat(all []bool) (int, bool) {
	i := len(all)
	for i > 0 && all[i-1] {
		i--
	}
	return i, i < len(all)
}

// monotonic reports whether a list changes at most once.
func monotonic(all []bool) bool {
	changes := 0
	for i := 1; i < len(all); i++ {
		if all[i] != all[i-1] {
			changes++
		}
	}
	return changes <= 1
}
