package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingPageReload asks what a reload of the page costs its visitor.
func EndingPageReload() Check {
	return Check{
		ID: "ending/page-reload", Question: "Does a page that is loaded again during a stream get what it missed, and how soon?",
		Kind: measure.Observe, Axis: measure.Ending, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials: []Trial{pageReloadTrial()},
		Applies: func(t measure.Technique) bool {
			return t.Class == measure.ClassSocket || t.Class == measure.ClassStream && !t.EndsItself
		},
		Judge: func(c Case) Finding { return judgePageReload(c, c.Evidence[pageReloadName]) },
	}
}

func judgePageReload(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Untested, Want: []string{"nothing lost or doubled over a reload of the page"}}
	if bad, failed := openingFailure(c, e); failed {
		f.Got = "did not open: " + bad.got
		return f
	}
	if e.Disturbed.IsZero() {
		f.Got = "there was nothing to reload"
		return f
	}
	n := e.Counts()
	f.Values = map[string]float64{"sent": float64(n.Sent), "received": float64(n.Received), "lost": float64(n.Lost), "duplicated": float64(n.Duplicated)}
	for _, ev := range ofKind(e.Client, measure.Received) {
		if back := time.UnixMicro(ev.T).Sub(e.Disturbed); back > 0 {
			f.Values["back_ms"] = ms(back)
			break
		}
	}
	switch {
	case n.Lost > 0:
		d := diagnoseMissing(c, e, false)
		f.Verdict, f.Cause, f.Got = measure.Broken, d.cause, fmt.Sprintf("%d of %d messages lost; %s", n.Lost, n.Sent, d.got)
	case n.Duplicated+n.Reordered > 0:
		f.Verdict, f.Cause, f.Got = measure.Broken, "corrupted", fmt.Sprintf("%d doubled, %d out of order", n.Duplicated, n.Reordered)
	default:
		f.Verdict, f.Got = measure.Works, fmt.Sprintf("all %d, the first %.0f ms after the reload began", n.Received, f.Values["back_ms"])
	}
	return f
}
