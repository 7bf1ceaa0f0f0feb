package scenarios

import (
	"github.com/cometbench/cometbench/scenarios/measure"
)

// clientsOwn reports whether a cause is the client's doing: such a control
// says something of every path, and is no failure of the measurement.
func clientsOwn(cause string) bool {
	c, ok := measure.CauseByID(cause)
	return ok && c.Family == measure.FamilyClient
}

// noFurther is how much later than over the direct path is still the same: what
// is prompt, and one message more that a browser waited for.
const noFurther = measure.PromptFloor + steadySpacing

// likeControl gives a check the cause of its control where that is the
// client's own and the path has added nothing to speak of: what is held back
// over the direct path as well is not held back by a proxy.
func likeControl(rec *judged, control measure.CheckRecord) {
	if rec.Verdict != measure.Degraded && rec.Verdict != measure.Broken || !clientsOwn(control.Cause) || rec.Cause == control.Cause {
		return
	}
	for _, name := range []string{"delay_max_ms", "first_ms"} {
		here, measured := rec.Values[name]
		there, also := control.Values[name]
		if measured && also && here <= there+ms(noFurther) {
			rec.Verdict, rec.Cause = control.Verdict, control.Cause
			rec.Got += "; so it is over the direct path, where only the client can wait"
			rec.doubtful = false
			return
		}
	}
}
