package measure

import (
	"fmt"
	"strings"
	"time"
)

// Way says in which way a cell changed between two runs.
type Way string

// The ways, in the order in which they are told. Cells that did not change
// are counted only.
const (
	ChangeWorse  Way = "worse"  // a worse verdict, another cause, or later by more than chance
	ChangeBetter Way = "better" // the same the other way round
	ChangeNew    Way = "new"    // no verdict before
	ChangeGone   Way = "gone"   // no verdict any more
)

// Ways lists them.
func Ways() []Way { return []Way{ChangeWorse, ChangeBetter, ChangeNew, ChangeGone} }

// Comparison is what changed from one run to another. Package compare makes
// it, package reports renders it.
type Comparison struct {
	Old, New   []RunRecord
	Thresholds LatencyThresholds
	Changes    []Change // by way, then by labels
	Same       int      // cells that have a verdict in both runs and did not change
	Latencies  int      // distributions that were held against each other
	Notes      []string // what could not be compared, and why
}

// LatencyThresholds say which difference of two latencies counts: one that
// chance does not explain and that is large enough, by both measures.
type LatencyThresholds struct {
	Alpha   float64       // level of significance of the test, two-sided
	Percent float64       // of the old median
	Least   time.Duration // and at least so much
}

// Change is one cell that is not what it was.
type Change struct {
	Labels
	Cell     string // its id
	Way      Way
	Old, New *Outcome // nil when that run does not have the cell
	// Latencies are those that differ, worse ones first.
	Latencies []LatencyChange
	// Notes are what a reader must know to believe it: other questions were
	// asked, another version of the proxy answered.
	Notes []string
}

// Outcome is how a cell came out in one of the runs.
type Outcome struct {
	Verdict  Verdict
	Cause    string
	Reason   string    // why there is no verdict
	Verdicts []Verdict // of the repetitions
}

// LatencyChange is a latency that differs by more than chance and more than
// the thresholds allow.
type LatencyChange struct {
	Check, Value   string  // as delivery/steady, delay_p50_ms
	OldMS, NewMS   float64 // medians over the repetitions
	OldN, NewN     int     // repetitions
	P              float64 // of the Mann-Whitney U test, two-sided
	OldMin, OldMax float64 // range over the repetitions, ms
	NewMin, NewMax float64
}

// Worse reports whether it became later.
func (l LatencyChange) Worse() bool { return l.NewMS > l.OldMS }

// Percent is the change in percent of the old median; of nothing it is 0.
func (l LatencyChange) Percent() float64 {
	if l.OldMS == 0 {
		return 0
	}
	return 100 * (l.NewMS - l.OldMS) / l.OldMS
}

// Count is the number of cells that changed in one way.
func (c Comparison) Count(w Way) int { return len(c.Of(w)) }

// Of are the changes in one way.
func (c Comparison) Of(w Way) []Change {
	var out []Change
	for _, change := range c.Changes {
		if change.Way == w {
			out = append(out, change)
		}
	}
	return out
}

// LatencyAlone reports whether nothing but latencies changed.
func (c Change) LatencyAlone() bool {
	return c.Old != nil && c.New != nil && c.Old.Verdict == c.New.Verdict && c.Old.Cause == c.New.Cause && len(c.Latencies) > 0
}

// String tells a change in one line.
func (c Change) String() string {
	s := c.Labels.String() + ": "
	switch c.Way {
	case ChangeNew:
		s += "now " + c.New.String()
	case ChangeGone:
		s += "was " + c.Old.String() + ", no verdict now"
		if c.New != nil {
			s += ": " + c.New.String()
		}
	default:
		s += c.New.String()
		if c.Old.String() != c.New.String() {
			s += ", was " + c.Old.String()
		}
		for _, l := range c.Latencies {
			s += "; " + l.String()
		}
	}
	if len(c.Notes) > 0 {
		s += " (" + strings.Join(c.Notes, "; ") + ")"
	}
	return s
}

// String is the verdict, with its cause or reason, and whether it wavers.
func (o Outcome) String() string {
	s := string(o.Verdict)
	switch {
	case o.Cause != "":
		s += " because " + o.Cause
	case o.Reason != "":
		s += " (" + o.Reason + ")"
	}
	if Wavers(o.Verdicts) {
		s += ", wavering"
	}
	return s
}

// String tells a latency that changed, its medians with their ranges.
func (l LatencyChange) String() string {
	return fmt.Sprintf("%s %s %+.0f %%: %.2f [%.2f to %.2f], was %.2f [%.2f to %.2f]; n=%d and %d, p=%.3f",
		l.Check, l.Value, l.Percent(), l.NewMS, l.NewMin, l.NewMax, l.OldMS, l.OldMin, l.OldMax, l.NewN, l.OldN, l.P)
}
