package scenarios

import (
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// What a scaled limit may have overtaken is looked at again, and what is held
// back is not.
func TestLimitOvertakesTheHello(t *testing.T) {
	begun := func() played {
		p := play().origin(0, accept)
		p.Scalable, p.Scale = true, .01
		return p
	}
	released := func(p played) played {
		p.Released = p.at(2000)
		return p
	}
	for name, tt := range map[string]struct {
		e     played
		again bool
	}{
		"cut before it":         {begun().client(290, head).client(300, ended(measure.EndFIN)), true},
		"silent, to the end":    {released(begun().client(290, head)), true},
		"held until the end":    {released(begun().client(1, head)).client(2001, greeted).client(2002, ended(measure.EndClean)), false},
		"came, and was too old": {begun().client(1, head).client(2, greeted), false},
	} {
		t.Run(name, func(t *testing.T) {
			c := streaming("xhr-streaming")
			tt.e.Parts = []*Evidence{tt.e.Evidence}
			c.Evidence = map[string]*Evidence{silenceName: tt.e.Evidence}
			f := judgeIdle(c)
			if f.Doubtful != tt.again || f.Verdict != measure.Untested {
				t.Errorf("%s, doubtful %t: %s", f.Verdict, f.Doubtful, f.Got)
			}
		})
	}
}

// What a buffer holds of a stream that ends itself comes with the end, however
// late the machine is.
func TestSetFreeByEndsOnABusyMachine(t *testing.T) {
	late := func(by int) played {
		p := opened()
		for i, id := range []string{"a", "b", "c", "d"} {
			p = p.message(id, 1000*i+10, 1000*i+510+by).origin(1000*i+510, measure.Event{Kind: measure.End, Sub: 1, Note: "early-close"})
		}
		p.Released = p.at(9000)
		return p.client(9001, ended(measure.EndClean))
	}
	for name, tt := range map[string]struct {
		by  int
		lag time.Duration
		is  bool
	}{
		"at once":                  {2, 0, true},
		"as late as the machine":   {100, 80 * time.Millisecond, true},
		"later than it, by itself": {100, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := late(tt.by)
			p.Lag = tt.lag
			if is := setFreeByEnds(streaming("early-close"), p.Evidence, p.Arrivals()); is != tt.is {
				t.Errorf("set free by the ends: %t", is)
			}
		})
	}
}
