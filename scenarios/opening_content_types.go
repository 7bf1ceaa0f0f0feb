package scenarios

import "github.com/cometbench/cometbench/scenarios/measure"

// OpeningContentTypes asks whether a path that holds a stream back does so for
// its media type: the same bytes are sent under another one.
func OpeningContentTypes() Check {
	under := alternative{part: partType, cause: "content-type-dependent", usual: "under its own type", other: "under another (text/event-stream, or text/plain for it)"}
	return Check{
		ID: "opening/content-types", Question: "Does the path treat a stream alike under another content type?",
		Kind: measure.Observe, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{steadyTrial()},
		Further: whenHeld(alternativesTrial),
		Applies: func(t measure.Technique) bool { return t.Class == measure.ClassStream && t.Session == "" },
		Judge:   under.judge,
	}
}
