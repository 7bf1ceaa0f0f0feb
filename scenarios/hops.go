package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// hops follows a fault along paths that lead to an application already, in
// the order from the application outward.
type hops struct {
	n     int    // paths so far
	last  string // the path before
	first string // the first path with this trouble, "" while there is none
	cause string
	worst measure.Verdict
}

// trace notes in a cell's record at which path its trouble begins: where the
// path before it was better, it is what lies between the two.
func (h *hops) trace(rec *measure.CellRecord) {
	h.n++
	rec.Hop = h.n
	if !rec.Verdict.Counts() {
		return
	}
	defer func() { h.last = rec.Proxy }()
	bad := rec.Verdict == measure.Degraded || rec.Verdict == measure.Broken
	if h.last == "" { // the first is what the others are held against
		if bad {
			h.first, h.cause, h.worst = rec.Proxy, rec.Cause, rec.Verdict
		}
		return
	}
	switch {
	case !bad: // what was wrong before is not on the way to here
		h.first, h.cause, h.worst = "", "", ""
		return
	case h.first == "" || rec.Cause != h.cause || measure.Worse(h.worst, rec.Verdict) != h.worst:
		h.first, h.cause, h.worst = rec.Proxy, rec.Cause, rec.Verdict
		rec.Reason = fmt.Sprintf("%s is the first path with this: it lies between %s, which passes everything on better, and %s", rec.Proxy, h.last, rec.Proxy)
	default:
		rec.Reason = "begins at " + h.first + " already"
	}
	rec.FirstAt = h.first
}
