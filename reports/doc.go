// Package reports renders run directories: one file per format, each a pure
// function of what measure.Read returned and of the timelines beside it.
//
// [Formats] lists them; [HTML], [Markdown], [JUnit], [GitHub], [Text], [JSON],
// [CSV] and [OpenMetrics] write one each; [WriteAll] leaves the three that people open
// (report.html, summary.md, junit.xml) next to results.jsonl.
//
//	run, err := measure.Read("cometbench-out/20250101-120000")
//	if err != nil {
//		return err
//	}
//	return reports.Text(os.Stdout, []*measure.Run{run})
//
// Several runs are merged. Two cells with equal labels are the same cell, and
// the one of the later run in the argument counts; every format for people
// says when that happened. A run without an end line is rendered as far as it
// came and called interrupted.
//
// [ComparisonFormats] lists how a measure.Comparison is rendered: what changed
// between two runs, which package compare finds out.
//
// All text in a run may come from somebody else's server. Each format escapes
// it in its own way, and no format for people shows control characters.
//
// What it does not do: it measures nothing, judges nothing (the verdicts are
// the run's), compares nothing and opens no connection.
package reports
