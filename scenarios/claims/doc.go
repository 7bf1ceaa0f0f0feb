// Package claims tests what is said of comet: sentences of manuals, articles
// and talks that people choose a technique by. Each claim is one file here: the
// sentence, who says it, what is measured, and how the answer follows from the
// numbers.
//
// [All] lists the claims; [Test] tests some of them in a [Lab] and hands out a
// measure.ClaimRecord for each. What is measured is measured by the engines
// that measure everything else: the matrix ([scenarios.Run], whose run
// directories are kept as evidence), a crowd of the Go client's subscriptions,
// and pages in a browser. What is claimed of proxies is tested on real programs,
// never on faults of ours.
//
// An answer holds for this machine, these versions and this run. Nothing here
// remembers an earlier one.
package claims
