package scenarios

import "github.com/cometbench/cometbench/scenarios/measure"

// unableError is a trial's answer that it cannot be carried out here: the
// client or the path cannot (unsupported), a precondition is missing (skipped),
// or it cannot be told (untested).
type unableError struct {
	verdict measure.Verdict
	reason  string
}

func (e *unableError) Error() string { return string(e.verdict) + ": " + e.reason }
