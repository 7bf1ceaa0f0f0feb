// Package scenarios asks the questions: it sends messages from an Origin
// through a path to a client and decides what the path did to them.
//
// A Check is one question. It names the Trials whose evidence it judges; a
// trial is one exchange (a subscription, a schedule of messages, an end), and
// checks that can be answered by the same exchange share it. Run measures the
// direct path first, then every cell of a Matrix, and appends records to a run
// directory as cells end.
//
// Not every question is worth its time in every run. A check has a Tier: Quick
// ones are asked always, Thorough ones of proxies that somebody names, Full ones
// by name. And a check may ask further: Further names trials that are run only
// when the evidence of the others calls for them, as it pays to ask a stream in
// other ways only where it is held back. The runner calls it last, when nothing
// is in doubt any more, and runs what several checks call for once.
//
// A verdict comes from two sources only: what the origin recorded that it sent
// and noticed, and what the client recorded that it saw. Where the proxy cannot
// be shown to have seen the traffic, the verdict is harness_failed.
//
// A run may repeat its cells (Options.Repeat), which settles what wavers and
// gives latencies a distribution, and may be one shard of a matrix
// (Matrix.Shard).
//
// What it does not do: it renders nothing (package reports reads the run
// directory), compares no runs (package compare), reads no suites (package
// suite), and it drives no browser (package browsers implements
// measure.Client).
package scenarios
