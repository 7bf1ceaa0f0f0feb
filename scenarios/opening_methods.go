package scenarios

import (
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningMethods asks whether a path that holds a stream back does so by one
// method only, as tunnels do that stream POST and buffer GET.
func OpeningMethods() Check {
	by := alternative{part: partMethod, cause: "method-dependent", usual: "by the usual method", other: "by the other one (GET, POST)"}
	return Check{
		ID: "opening/methods", Question: "Does the path treat a stream alike by GET and by POST?",
		Kind: measure.Observe, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{steadyTrial()},
		Further: whenHeld(alternativesTrial),
		Applies: func(t measure.Technique) bool {
			return t.Class == measure.ClassStream && slices.Contains(t.Variants, byPost)
		},
		Judge: by.judge,
	}
}
