package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/plays"
)

// DeliveryDemo asks whether a historical system can be used along the path as
// it can be without one.
func DeliveryDemo() Check {
	return Check{
		ID: "delivery/demo", Question: "Can the system be used through the path?", Demo: true,
		Kind: measure.Required, Axis: measure.Delivery, Requires: Needs{Record: true},
		Trials: []Trial{demoTrial()},
		Judge:  judgeDemo,
	}
}

// judgeDemo holds each act against the same act without a path. An act that
// never came to its end is broken, whatever the limits are.
func judgeDemo(c Case) Finding {
	e := c.Evidence[demoName]
	var control []plays.Step
	if ctl := c.Control[demoName]; ctl != nil {
		control = ctl.Play.Steps
	}
	f := Finding{
		Verdict: measure.Works, Want: []string{"each act within " + short(c.Limits.Prompt) + " of what it takes without the path"},
		EndedBy: "client", Values: map[string]float64{"acts": 0},
	}
	worst, worstName := time.Duration(0), ""
	for i, s := range e.Play.Steps {
		if s.Err != nil {
			f.Verdict, f.Cause = measure.Broken, demoCause(e.Play)
			f.Got = fmt.Sprintf("after %d acts not within %s: %s%s", i, short(s.Took), s.Name, troubleOf(e.Play))
			return f
		}
		f.Values["acts"]++
		if i < len(control) {
			if late := s.Took - max(control[i].Took, s.Slack); late > worst {
				worst, worstName = late, s.Name
			}
		}
	}
	f.Values["late_max_ms"] = float64(worst.Microseconds()) / 1000
	f.Verdict = c.Limits.Verdict(worst)
	f.Got = fmt.Sprintf("all %d acts, at most %s later than without the path", len(e.Play.Steps), short(worst))
	if f.Verdict != measure.Works {
		f.Cause, f.Doubtful = demoCause(e.Play), true
		f.Got += ": " + worstName
	}
	return f
}

// cutSilence is the least silence before an answer broke off that makes the
// silence the reason.
const cutSilence = time.Second

// demoCause names what a browser's own tools show of an act that failed, or was
// late.
func demoCause(p plays.Performance) string {
	breaks := p.Trouble.Breaks
	switch {
	case p.Bare:
		return "header-dropped"
	case slices.ContainsFunc(breaks, func(b measure.Break) bool { return b.Silence >= cutSilence }):
		return "idle-timeout"
	case len(breaks) > 0:
		return "truncated"
	case slices.Contains(p.Trouble.Refused, 504):
		return "first-byte-timeout"
	case len(p.Trouble.Refused) > 0:
		return "error-page"
	}
	return "buffered" // it was said, asked for and never refused
}

// troubleOf tells the first thing that the browser's tools show.
func troubleOf(p plays.Performance) string {
	switch {
	case len(p.Trouble.Breaks) > 0:
		b := p.Trouble.Breaks[0]
		return fmt.Sprintf("; an answer broke off after %s of silence (%s)", short(b.Silence), b.Error)
	case len(p.Trouble.Refused) > 0:
		return fmt.Sprintf("; status %d", p.Trouble.Refused[0])
	case p.Bare:
		return "; the answer came without its header X-JSON"
	}
	return ""
}
