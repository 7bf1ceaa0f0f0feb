package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningUpgrade says for each way in which a websocket can be opened along the
// path what becomes of it. opening/connect asks the one that browsers take.
func OpeningUpgrade() Check {
	return Check{
		ID: "opening/upgrade", Question: "In which ways can a websocket be opened, and does it live in both directions?",
		Kind: measure.Observe, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{upgradeTrial()},
		Applies: func(t measure.Technique) bool { return t.Name == "websocket" },
		Judge:   judgeUpgrade,
	}
}

// wayWords call the ways in sentences.
var wayWords = map[string]string{
	wayReverse: "by upgrade", wayGet: "by GET of the absolute URI", wayConnect: "through CONNECT", waySecure: "through CONNECT and TLS",
}

func judgeUpgrade(c Case) Finding {
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}, Want: []string{"frames in both directions, for a while, in each way"}}
	var words []string
	working, ways := 0, c.Evidence[upgradeName].exchanges()
	for _, e := range ways {
		way := e.Part
		bad, failed := openingFailure(c, e)
		if !failed {
			if end, early := killed(e); early {
				bad, failed = diagnosis{cause: "upgrade-killed", got: fmt.Sprintf("killed after %s (%s)", short(end.after), end.kind)}, true
				f.Values["killed_after_ms"] = ms(end.after)
			}
		}
		if head, answered := firstHead(e); answered && head.Status >= 400 {
			f.Values["refused_status"] = float64(head.Status)
		}
		if !failed {
			working++
			words = append(words, wayWords[way]+": works")
			continue
		}
		words = append(words, fmt.Sprintf("%s: %s (%s)", wayWords[way], strings.TrimPrefix(bad.cause, "upgrade-"), bad.got))
		if f.Cause == "" {
			f.Cause = bad.cause
			f.EndedBy, f.EndKind = e.EndedBy()
		}
	}
	f.Values["ways"], f.Values["ways_working"] = float64(len(ways)), float64(working)
	switch {
	case working == 0:
		f.Verdict = measure.Broken
	case working < len(ways):
		f.Verdict = measure.Degraded
	}
	f.Got = strings.Join(words, "; ")
	return f
}

// death is when and how the path ended an open socket.
type death struct {
	after time.Duration
	kind  measure.EndKind
}

// killed reports whether the path ended a socket that was open.
func killed(e *Evidence) (death, bool) {
	end, ended := e.End()
	by, kind := e.EndedBy()
	if !ended || by != "proxy" || !e.Released.IsZero() && end.T >= e.Released.UnixMicro() {
		return death{}, false
	}
	d := death{kind: kind}
	if reqs := e.Requests(); len(reqs) > 0 {
		d.after = time.UnixMicro(end.T).Sub(time.UnixMicro(reqs[0].T))
	}
	return d, true
}
