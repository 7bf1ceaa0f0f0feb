package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// whenHeld calls for a trial where the steady one was held back. In a full run
// it is called for in any case.
func whenHeld(trial func() Trial) func(Case) []Trial {
	return func(c Case) []Trial {
		e := c.Evidence[steadyName]
		if _, failed := openingFailure(c, e); failed {
			return nil
		}
		if f := judgeDelivery(c, e, false); c.Tier < Full && (f.Verdict == measure.Works || !heldBack(f.Cause)) {
			return nil
		}
		return []Trial{trial()}
	}
}

// alternative is another way to ask for the same bytes.
type alternative struct {
	part  string
	cause string // when what is held the usual way streams this way
	usual string // how the usual way is called in a sentence
	other string
}

// judge compares the usual way with the other one.
func (a alternative) judge(c Case) Finding {
	base := judgeDelivery(c, c.Evidence[steadyName], false)
	if c.Evidence[alternativesName] == nil {
		return Finding{Verdict: measure.Untested, Got: "nothing is held back " + a.usual + ", so nobody asked " + a.other}
	}
	e := c.Evidence[alternativesName].part(a.part)
	if e == nil {
		return Finding{Verdict: measure.Untested, Got: "this client cannot ask " + a.other}
	}
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("asked %s it did not open: %s", a.other, bad.got)}
	}
	alt := judgeDelivery(c, e, false)
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}, Want: []string{"the same " + a.usual + " and " + a.other}}
	f.EndedBy, f.EndKind = e.EndedBy()
	for name, v := range map[string]float64{"usual": base.Values["delay_p50_ms"], "other": alt.Values["delay_p50_ms"]} {
		f.Values[name+"_p50_ms"] = v
	}
	held := func(f Finding) bool { return f.Verdict != measure.Works }
	switch {
	case held(base) && !held(alt):
		f.Verdict, f.Cause = base.Verdict, a.cause
		f.Got = fmt.Sprintf("held back %s, and streams %s", a.usual, a.other)
		if enc := compressedOnTheWay(c, c.Evidence[steadyName]); enc != "" && a.part == partIdentity {
			f.Cause = "compression"
			f.Got += "; compressed on the way (" + enc + ") where it was offered"
		}
	case held(base):
		f.Got = fmt.Sprintf("held back %s and %s alike", a.usual, a.other)
		if a.part == partIdentity && compressedOnTheWay(c, c.Evidence[steadyName]) != "" {
			f.Got += ": compression is not all that holds it"
		}
	case held(alt):
		f.Got = fmt.Sprintf("streams %s; %s it would be held back (%s)", a.usual, a.other, alt.Cause)
	default:
		f.Got = fmt.Sprintf("streams %s and %s alike", a.usual, a.other)
	}
	f.Doubtful = base.Doubtful || alt.Doubtful
	return f
}
