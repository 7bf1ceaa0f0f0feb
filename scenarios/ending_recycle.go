package scenarios

import (
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// EndingRecycle asks whether anything is lost, doubled or reordered when the
// origin ends its stream, by bytes and by time, and the client comes back.
func EndingRecycle() Check {
	return Check{
		ID: "ending/recycle", Question: "Is anything lost when the stream ends and the client comes back?",
		Kind: measure.Required, Axis: measure.Ending, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials: []Trial{recycleBytesTrial(), recycleTimeTrial()},
		Judge: func(c Case) Finding {
			f := Finding{Verdict: measure.Works, Want: []string{"every message exactly once and in order across recyclings"}, Values: map[string]float64{}}
			var total Counts
			cycles := 0
			for _, name := range []string{"recycle-bytes", "recycle-time"} {
				e := c.Evidence[name]
				if bad, failed := openingFailure(c, e); failed {
					f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
					return f
				}
				n := e.Counts()
				total.Sent += n.Sent
				total.Received += n.Received
				total.Lost += n.Lost
				total.Duplicated += n.Duplicated
				total.Reordered += n.Reordered
				total.Altered += n.Altered
				cycles += max(0, len(e.Requests())-1)
				if n.Lost > 0 && f.Cause == "" {
					f.Cause = diagnoseMissing(c, e, name == "recycle-bytes").cause
				}
			}
			f.Values = map[string]float64{
				"sent": float64(total.Sent), "received": float64(total.Received), "lost": float64(total.Lost),
				"duplicated": float64(total.Duplicated), "reordered": float64(total.Reordered), "recycles": float64(cycles),
			}
			f.EndedBy, f.EndKind = c.Evidence["recycle-bytes"].EndedBy()
			switch {
			case total.Lost+total.Duplicated+total.Reordered+total.Altered > 0:
				f.Verdict = measure.Broken
				if c.Evidence["recycle-bytes"].FromCache() || c.Evidence["recycle-time"].FromCache() {
					f.Cause = "cached"
				}
				if f.Cause == "" || f.Cause == "corrupted" {
					f.Cause = "corrupted"
					if positionDropped(c, c.Evidence["recycle-bytes"]) {
						f.Cause = "header-dropped"
					}
				}
				f.Got = fmt.Sprintf("%d lost, %d doubled, %d out of order, %d altered in %d recyclings", total.Lost, total.Duplicated, total.Reordered, total.Altered, cycles)
			case cycles < 2:
				f.Verdict = measure.Untested
				f.Got = fmt.Sprintf("the origin saw %d recyclings, too few to say", cycles)
			default:
				f.Got = fmt.Sprintf("all %d messages once and in order over %d recyclings", total.Received, cycles)
			}
			return f
		},
	}
}

// positionDropped reports whether a client that says where to go on in the
// Last-Event-ID field came back without it: it begins anew each time.
func positionDropped(c Case, e *Evidence) bool {
	requests := e.Requests()
	if c.Technique.Name != "eventsource" || len(requests) < 2 {
		return false
	}
	for _, r := range requests[1:] {
		if strings.Contains(r.Note, " last-event-id=") {
			return false
		}
	}
	return true
}
