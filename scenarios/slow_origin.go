package scenarios

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// originKept is how long the origin had a message and somebody who waited for
// it, and did not write it. 0 when it never wrote it.
func originKept(c Case, e *Evidence, a Arrival) time.Duration {
	if a.Wrote.IsZero() {
		return 0
	}
	from := a.Had
	if c.Technique.Polls() { // nobody may have been asking at that time
		from = askedSince(e, a)
	}
	return a.Wrote.Sub(from)
}

// askedSince is the first moment at which the origin had a message and a poll
// to answer with it.
func askedSince(e *Evidence, a Arrival) time.Time {
	ended := map[int]int64{}
	for _, o := range e.Origin {
		if o.Kind == measure.End {
			ended[o.Sub] = o.T
		}
	}
	for _, o := range e.Origin {
		if o.Kind != measure.Headers {
			continue
		}
		if end, over := ended[o.Sub]; o.T <= a.Had.UnixMicro() && (!over || end > a.Had.UnixMicro()) {
			return a.Had // a request was being held
		}
		if o.T > a.Had.UnixMicro() {
			return time.UnixMicro(o.T)
		}
	}
	return a.Wrote
}

// askDirectly notes whether the origin answers an ordinary question that does
// not come along the path: one that does not has no worker left, and what the
// trial asked may be waiting there.
func (x *exchange) askDirectly(ctx context.Context) {
	p, ok := x.b.Origin.(interface{ probe(context.Context) error })
	if !ok {
		return
	}
	within, cancel := context.WithTimeout(ctx, ordinaryWait)
	defer cancel()
	x.ev.OriginBusy = p.probe(within) != nil && ctx.Err() == nil
}

// notThePath reports whether a control over the direct path has found who is at
// fault: nobody on any path.
func notThePath(cause string) bool {
	return cause == "origin-slow" || cause == "thread-starvation" || cause == "browser-connection-limit"
}

// asDirect takes over what the control found about the origin or the client,
// unless the path is worse for a reason of its own.
func (j *judged) asDirect(ctl measure.CheckRecord) {
	if !notThePath(ctl.Cause) || ctl.Verdict != measure.Degraded && ctl.Verdict != measure.Broken || !j.Verdict.Counts() {
		return
	}
	worse := j.Verdict != ctl.Verdict && measure.Worse(j.Verdict, ctl.Verdict) == j.Verdict
	if worse && j.Cause != "unknown" || j.Cause == ctl.Cause {
		return
	}
	j.Verdict, j.Cause = ctl.Verdict, ctl.Cause
	j.Got += fmt.Sprintf("; over the direct path %s as well: %s", ctl.Verdict, ctl.Got)
}
