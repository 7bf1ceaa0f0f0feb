package scenarios

import "github.com/cometbench/cometbench/scenarios/measure"

// OpeningAcceptEncoding asks whether it is the browser's offer of compression
// that makes a path hold a stream back: curl makes none, and sees it work.
func OpeningAcceptEncoding() Check {
	with := alternative{part: partIdentity, cause: "accept-encoding-dependent", usual: "with Accept-Encoding", other: "without Accept-Encoding"}
	return Check{
		ID: "opening/accept-encoding", Question: "Does the path treat a stream alike with and without Accept-Encoding?",
		Kind: measure.Observe, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{steadyTrial()},
		Further: whenHeld(alternativesTrial),
		Applies: func(t measure.Technique) bool { return t.Class == measure.ClassStream },
		Judge:   with.judge,
	}
}
