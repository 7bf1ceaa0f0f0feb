// Package scenarios asks the questions: it sends messages from an Origin
// through a path to a client and decides what the path did to them.
//
// A Check is one question. It names the Trials whose evidence it judges; a
// trial is one exchange (a subscription, a schedule of messages, an end), and
// checks that can be answered by the same exchange share it. Run measures the
// direct path first, then every cell of a Matrix, and appends records to a run
// directory as cells end.
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
