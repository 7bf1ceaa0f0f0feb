package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// quickControl is how long a message may take over the direct path at worst
// before the control is measured again in more quiet.
const quickControl = 60 * time.Millisecond

// judged is a check record and whether to believe it.
type judged struct {
	measure.CheckRecord
	doubtful bool
	shaky    bool // late by less than this machine was itself: saying it twice proves nothing
	attempts int  // how often it was measured, if more than once
}

// agrees reports whether two measurements say the same of the path.
func (j judged) agrees(other judged) bool {
	return j.Verdict == other.Verdict && j.Cause == other.Cause && j.Verdict.Counts() && !j.shaky && !other.shaky
}

// silentAs reports whether two measurements could not answer for the same reason.
func (j judged) silentAs(other judged) bool {
	return j.Verdict == measure.Untested && other.Verdict == measure.Untested && j.Got == other.Got
}

// shake marks a verdict that hangs on messages which were late by less than the
// machine itself was in the same trial.
func (j *judged) shake(limits measure.Thresholds, e *Evidence) {
	late := j.Values["delay_max_ms"] - ms(limits.Prompt)
	if j.Verdict == measure.Degraded && late > 0 && late < ms(worstLag(e)) {
		j.shaky, j.doubtful = true, true
	}
}

// judge answers one check from its trials.
func (r *runner) judge(c cell, check Check, trials []Trial, seen *sightings) judged {
	rec := judged{CheckRecord: measure.CheckRecord{
		Type: measure.TypeCheck, Cell: c.labels.ID(), Labels: c.labels,
		Check: check.ID, Kind: check.Kind, Axis: check.Axis, Clocks: clocks(c, r.opt.Origin),
	}}
	if lack := check.Requires.Missing(r.opt.Origin.Can()); lack != "" {
		rec.Verdict, rec.Got = measure.Untested, r.lacking(lack)
		return rec
	}
	for _, t := range trials {
		run := seen.runs[t.Name]
		rec.TookMS = max(rec.TookMS, run.took.Milliseconds())
		rec.ProxyVersion, rec.ProxyConfig = run.version, run.configHash
		if !run.began.IsZero() {
			rec.BeganUS = run.began.UnixMicro()
		}
		if run.evidence != nil {
			e := run.evidence
			rec.Trial = t.Name
			rec.StartedUS = e.Started.UnixMicro()
			rec.HTTPUpstream = e.HTTPUpstream()
			rec.Hits += hits(e)
		}
		var pathCannot *proxies.UnsupportedError
		if errors.As(run.err, &pathCannot) {
			rec.Verdict, rec.Got = measure.Unsupported, run.err.Error()
			return rec
		}
		var unable *unableError
		if errors.As(run.err, &unable) {
			rec.Verdict, rec.Got = unable.verdict, unable.reason
			return rec
		}
		if errors.Is(run.err, app.ErrBudget) {
			rec.Verdict, rec.Got = measure.Untested, run.err.Error()
			return rec
		}
		if run.err != nil {
			rec.Verdict, rec.Got = measure.HarnessFailed, run.err.Error()
			rec.doubtful = true
			return rec
		}
		// A schedule that came out compressed shows another pattern than asked
		// for; a burst is compressed anyway, and where content alone is asked for
		// it does not matter.
		if lag := worstLag(run.evidence); (check.Axis == measure.Delivery || check.Further != nil) && lag > publisherLag && t.Name != integrityName && (t.Name != burstName || lag > lateBurst) {
			rec.Verdict = measure.HarnessFailed
			rec.Got = fmt.Sprintf("this machine was too busy: the publisher itself was %s late", short(lag))
			rec.doubtful = true
			return rec
		}
	}
	ctl := seen.ctl
	kase, _ := r.caseOf(c, trials, seen)
	f := check.Judge(kase)
	rec.Verdict, rec.Cause, rec.Want, rec.Got = f.Verdict, f.Cause, f.Want, f.Got
	rec.EndedBy, rec.EndKind, rec.Values, rec.doubtful = f.EndedBy, f.EndKind, f.Values, f.Doubtful
	if f.Aside {
		rec.Kind = measure.Observe
	}
	direct, held := ctl.check(check.ID)
	if held {
		likeControl(&rec, direct)
	}
	if isDirect(c.path) && c.receiver.Name != "go" && !c.technique.Polls() && heldBack(rec.Cause) {
		rec.Cause = "browser-sniff" // there is nobody else on the direct path; an answer that ends is never held
		rec.Got += "; over the direct path, so it is the client that waits"
	}
	heldByVisitor(c, &rec)
	for _, t := range trials {
		rec.shake(kase.Limits, seen.runs[t.Name].evidence)
		r.blameOrigin(&rec, seen.runs[t.Name])
	}
	if held {
		rec.asDirect(direct)
	}
	rec.Advice = measure.AdviceFor(rec.Cause, c.labels.Proxy)
	if inCompany(c.path) && slices.Contains(mayBeCrowd, rec.Cause) && !slices.ContainsFunc(trials, func(t Trial) bool { return t.OwnProxy }) {
		rec.doubtful = true
	}
	if ctl == nil {
		// Nothing on the direct path could be at fault, and limits hang on it.
		slow := check.ID == "delivery/steady" && time.Duration(rec.Values["delay_p99_ms"]*float64(time.Millisecond))-intervalOf(kase) > quickControl
		rec.doubtful = rec.doubtful || slow || rec.Verdict == measure.Degraded || rec.Verdict == measure.Broken
	}
	if isVia(c.path) { // what it is judged by was gathered once, and is not gathered again
		rec.doubtful = false
	}
	if why := controlFailure(check.ID, ctl); why != "" {
		rec.Verdict, rec.Cause, rec.Advice, rec.Got, rec.doubtful = measure.SetupFailed, "", "", why, false
	}
	return rec
}

// caseOf is what a judge is shown of these trials; false when one of them
// brought nothing.
func (r *runner) caseOf(c cell, trials []Trial, seen *sightings) (Case, bool) {
	kase := Case{
		Technique: c.technique, Client: c.receiver.Name, Tier: c.tier,
		Refused: seen.refused, Repeated: seen.repeated, Evidence: map[string]*Evidence{},
	}
	whole := true
	for _, t := range trials {
		if run := seen.runs[t.Name]; run != nil && run.evidence != nil && run.err == nil {
			kase.Evidence[t.Name] = run.evidence
		} else {
			whole = false
		}
	}
	if a, ok := r.opt.Origin.(*Application); ok {
		kase.App = a.Spec
	}
	var p99 time.Duration
	if seen.ctl != nil {
		p99, kase.Control = seen.ctl.p99, seen.ctl.outcome.evidence
	}
	kase.Limits = r.opt.Limits.For(p99, intervalOf(kase))
	return kase, whole
}

// intervalOf is the pause between two polls, 0 for pushed techniques.
func intervalOf(c Case) time.Duration {
	var interval time.Duration
	for _, e := range c.Evidence {
		interval = max(interval, e.Interval)
	}
	return interval
}

// lacking says why a check cannot be asked of the run's origin.
func (r *runner) lacking(ability string) string {
	if _, own := r.opt.Origin.(*Application); !own {
		return "the origin cannot " + ability
	}
	return map[string]string{
		"publish": "cannot be told from outside: the application sends when and what it likes",
		"record":  "cannot be told from outside: nobody reads along at the application on this path",
		"options": "cannot be told from outside: the application takes no options of ours",
		"resume":  "cannot be told from outside: the application was not told how a client comes back",
	}[ability]
}

// controlFailure says why the control leaves a check without meaning.
func controlFailure(check string, ctl *control) string {
	c, ok := ctl.check(check)
	if !ok {
		return ""
	}
	switch c.Verdict {
	case measure.Degraded, measure.Broken, measure.HarnessFailed:
		if notThePath(c.Cause) || clientsOwn(c.Cause) {
			return "" // the origin's or the client's own, which each path's answer names, too
		}
		return fmt.Sprintf("the control over the direct path: %s: %s", c.Verdict, c.Got)
	}
	return ""
}

// hits counts the requests that the path has seen: what its proxy counted, or
// what reached the origin where it cannot count. An answer without a request
// at the origin was the proxy's own.
func hits(e *Evidence) int {
	if e.Stats.Hits >= 0 {
		return e.Stats.Hits
	}
	return max(len(e.Requests()), min(1, len(e.Headers())))
}

func worstLag(e *Evidence) time.Duration {
	var lag time.Duration
	for _, p := range e.exchanges() {
		lag = max(lag, p.Lag)
	}
	return lag
}

func clocks(c cell, o Origin) []measure.Clock {
	out := []measure.Clock{{ID: "c1"}}
	for _, k := range []measure.Clock{c.receiver.Client.Clock(), o.Clock()} {
		if !slices.ContainsFunc(out, func(have measure.Clock) bool { return have.ID == k.ID }) {
			out = append(out, k)
		}
	}
	return out
}

// heldBack reports whether a cause says that bytes were sent and kept.
func heldBack(cause string) bool {
	c, ok := measure.CauseByID(cause)
	return ok && (c.ID == "buffered" || c.Refines == "buffered")
}
