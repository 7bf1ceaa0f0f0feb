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
	p, ok := x.b.Origin.(prober)
	if !ok {
		return
	}
	within, cancel := context.WithTimeout(ctx, ordinaryWait)
	defer cancel()
	x.ev.OriginBusy = p.probe(within) != nil && ctx.Err() == nil
}

// notTaken explains a request that had to wait for a place: at an origin that
// serves nobody else either, or at the path.
func notTaken(e *Evidence) (diagnosis, bool) {
	switch {
	case e.OriginBusy && (!e.Attached || e.TakenLate):
		return diagnosis{cause: "thread-starvation", got: fmt.Sprintf("the origin did not take the request on in time, and had no answer within %s when asked directly: all its workers are taken", short(ordinaryWait))}, true
	case e.TakenLate && len(e.Refusals()) == 0:
		return diagnosis{cause: "thread-starvation", got: "the request waited until others had ended, while the origin answered at once when asked directly"}, true
	}
	return diagnosis{}, false
}

// blameOrigin names the origin where it served nobody while a trial ran that
// went badly.
func (r *runner) blameOrigin(rec *judged, run *trialRun) {
	bad := rec.Verdict == measure.Degraded || rec.Verdict == measure.Broken
	if !bad || notThePath(rec.Cause) || run.trial.OwnOrigin {
		return
	}
	busy := r.watch.busyDuring(run.began, run.began.Add(run.took))
	if busy < busyAfter {
		return
	}
	rec.Cause, rec.doubtful = "thread-starvation", true
	rec.Got += fmt.Sprintf("; meanwhile the origin, asked directly, had no answer for %s", short(busy))
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
