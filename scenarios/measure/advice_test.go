package measure

import (
	"strings"
	"testing"
)

// Advice is proven by the checks that showed the cause: one that has no answer
// the second time proves nothing, whatever the cell's verdict.
func TestAdviceIsProvenByTheSameChecks(t *testing.T) {
	type one struct {
		kind    Kind
		verdict Verdict
		cause   string
	}
	result := func(checks map[string]one) *Result {
		l := Labels{Technique: "websocket", Proxy: "p", Client: "go", HTTP: "1.1"}
		r := new(Result)
		for _, name := range []string{"delivery/steady", "ending/reload", "opening/session", "opening/upgrade"} {
			if k, ok := checks[name]; ok {
				r.Checks = append(r.Checks, CheckRecord{Labels: l, Check: name, Kind: k.kind, Axis: Ending, Verdict: k.verdict, Cause: k.cause, Got: "what was seen"})
			}
		}
		r.CellRecord = Judge(l, r.Checks)
		return r
	}
	steady := one{Required, Works, ""}
	before := map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, Broken, "reload"}, "opening/session": {Optimal, Broken, "reload"}, "opening/upgrade": {Observe, Broken, "reload"}}
	for name, c := range map[string]struct {
		now    map[string]one
		proven bool
		reason string
	}{
		"gone":                          {map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, Works, ""}}, true, ""},
		"another is left":               {map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, Degraded, "truncated"}}, true, ""},
		"one has nothing to ask now":    {map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, Works, ""}, "opening/session": {Optimal, Untested, ""}}, true, ""},
		"one is answered, and we broke": {map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, Works, ""}, "opening/session": {Optimal, HarnessFailed, ""}}, false, "opening/session has no answer now"},
		"we broke":                      {map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, HarnessFailed, ""}}, false, "ending/reload has no answer now"},
		"it could not be asked":         {map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, Untested, ""}, "opening/session": {Optimal, Untested, ""}}, false, "opening/session has no answer now"},
		"it was not asked":              {map[string]one{"delivery/steady": steady}, false, "was not asked again"},
		"still there":                   {map[string]one{"delivery/steady": steady, "ending/reload": {Optimal, Degraded, "reload"}}, false, "the cause is still there"},
		"there behind a worse one":      {map[string]one{"delivery/steady": {Required, Broken, "buffered"}, "ending/reload": {Optimal, Degraded, "reload"}}, false, "the cause is still there, in ending/reload"},
		"gone, and worse":               {map[string]one{"delivery/steady": {Required, Broken, "buffered"}, "ending/reload": {Optimal, Works, ""}}, false, "worse"},
	} {
		was := result(before)
		a := AdviceRecord{Cause: "reload", Before: was.Verdict}
		a.Judge(was, result(c.now))
		if a.Proven != c.proven || !strings.Contains(a.Reason, c.reason) || (a.Reason == "") != c.proven {
			t.Errorf("%s: proven %v because %q (%s, %s)", name, a.Proven, a.Reason, a.After, a.AfterCause)
		}
	}
}
