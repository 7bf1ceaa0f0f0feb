// Package compare says what changed from one run to another.
//
// Verdicts and causes are compared exactly: a worse verdict, or another cause
// of the same one, is worse. Latencies are compared as distributions over the
// repetitions of a run (run --repeat): one is worse when the Mann-Whitney U
// test says that chance does not explain the difference, and the medians are
// further apart than the thresholds. [Runs] makes a measure.Comparison of it:
//
//	c := compare.Runs(old, now, compare.Options{})
//	fmt.Println(c.Count(measure.ChangeWorse), "cells are worse")
//
// What it does not do: it measures nothing again (run --baseline does, before
// it believes that a latency got worse) and renders nothing (package reports
// does).
package compare
