package scenarios

import (
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// setFreeByEnds reports whether late messages of a technique that ends its
// answers itself came right behind such an end, or behind the next message: the
// end sets free what any buffer holds, so that nothing more can be told. A
// machine that sends late itself may pass on late, too.
func setFreeByEnds(c Case, e *Evidence, arrivals []Arrival) bool {
	if !c.Technique.EndsItself || e.Asked > 0 {
		return false // it was asked for one answer, and kept from ending it
	}
	late, freed := 0, 0
	for _, a := range arrivals {
		if a.At.IsZero() || a.Delay <= c.Limits.Prompt {
			continue
		}
		late++
		for _, o := range e.Origin {
			frees := o.Kind == measure.End || o.Kind == measure.Write && o.ID != a.ID
			if wait := a.At.Sub(time.UnixMicro(o.T)); frees && wait >= -clockSlack && wait <= triggered+e.Lag {
				freed++
				break
			}
		}
	}
	return late > 0 && freed*4 >= late*3
}
