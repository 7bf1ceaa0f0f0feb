package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Attempts and noise. A verdict that hangs on one late message is measured
// again; so is a trial whose own publisher was late.
const (
	maxAttempts  = 4
	publisherLag = 200 * time.Millisecond
)

// outcome is everything one cell brought back.
type outcome struct {
	checks   []measure.CheckRecord
	evidence map[string]*Evidence
}

// trialRun is one run of one trial, with what identifies its proxy.
type trialRun struct {
	evidence            *Evidence
	err                 error
	version, configHash string
	took                time.Duration
}

// measure runs a cell's trials and judges its checks; ctl is nil for the
// control itself.
func (r *runner) measure(ctx context.Context, c cell, ctl *control) outcome {
	runs := r.trials(ctx, c, c.trials(), 1)
	out := outcome{evidence: map[string]*Evidence{}}
	for _, check := range c.checks {
		rec := r.judge(c, check, runs, ctl)
		for attempt := 2; attempt <= maxAttempts && rec.doubtful && ctx.Err() == nil; attempt++ {
			again := r.trials(ctx, c, check.Trials, attempt)
			next := r.judge(c, check, again, ctl)
			// The same answer twice is believed, unless it is that nothing
			// could be measured.
			confirmed := next.Verdict == rec.Verdict && next.Cause == rec.Cause && rec.Verdict.Counts()
			if betterOf(next.Verdict, rec.Verdict) || !next.doubtful && next.Verdict == rec.Verdict {
				rec = next
				for name, run := range again {
					runs[name] = run
				}
			}
			rec.doubtful = next.doubtful && !confirmed
			rec.attempts = attempt
		}
		if rec.attempts > 1 {
			if rec.Values == nil {
				rec.Values = map[string]float64{}
			}
			rec.Values["attempts"] = float64(rec.attempts)
		}
		out.checks = append(out.checks, rec.CheckRecord)
	}
	for name, run := range runs {
		if run.evidence != nil {
			out.evidence[name] = run.evidence
		}
	}
	return out
}

// betterOf reports whether a second measurement contradicts the first in the
// path's favour. Only then was the first one noise.
func betterOf(next, first measure.Verdict) bool {
	if first == measure.HarnessFailed {
		return next != measure.HarnessFailed
	}
	return next.Counts() && next != first && measure.Worse(next, first) == first
}

// trials runs trials side by side, each in front of an instance of its own
// where the proxy is cheap.
func (r *runner) trials(ctx context.Context, c cell, trials []Trial, attempt int) map[string]*trialRun {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[string]*trialRun{}
	for _, t := range trials {
		wg.Add(1)
		go func() {
			defer wg.Done()
			run := r.trial(ctx, c, t, attempt)
			mu.Lock()
			out[t.Name] = run
			mu.Unlock()
		}()
	}
	wg.Wait()
	return out
}

func (r *runner) trial(ctx context.Context, c cell, t Trial, attempt int) *trialRun {
	run := new(trialRun)
	// What is measured again is measured in more quiet: the second time with a
	// quarter of the slots to itself, from the third on with all of them.
	if places := r.places[c.receiver.Name]; places != nil {
		if run.err = places.Acquire(ctx, 1); run.err != nil {
			return run
		}
		defer places.Release(1)
	}
	quiet := max(1, min(r.parallel, r.parallel*int64((attempt-1)*(attempt-1))/4))
	if run.err = r.slots.Acquire(ctx, quiet); run.err != nil {
		return run
	}
	defer r.slots.Release(quiet)
	started := time.Now()
	defer func() { run.took = time.Since(started) }()

	b := &Bench{
		Technique: c.technique, Client: c.receiver.Client, Origin: r.opt.Origin, HTTP: c.labels.HTTP,
		Scale: 1, MaxWait: r.opt.MaxWait, heavy: r.heavy,
		Nonce: fmt.Sprintf("%s-%s-%d-%d", c.labels.ID(), t.Name, attempt, started.UnixNano()%1e9),
	}
	// The direct path has no limits of its own: there only the origin's scale.
	b.Scalable = c.path.Proxy.Capabilities().Scalable || isDirect(c.path)
	if b.Scalable && t.Scaled {
		b.Scale = r.opt.TimeScale
	}
	in, giveBack, err := r.paths.instance(ctx, c.path, b.Scale, r.opt.Seed)
	if err != nil {
		run.err = err
		return run
	}
	defer giveBack()
	run.version, run.configHash, b.Route = in.Version(), in.ConfigHash(), in.Route()
	run.evidence, run.err = t.Run(ctx, b)
	if run.err != nil {
		return run
	}
	e := run.evidence
	e.Trial, e.Stats = t.Name, in.Stats()
	if isDirect(c.path) || c.path.Proxy.Scope() != proxies.PerCell { // its counters are not this trial's
		e.Stats = proxies.Stats{Hits: -1, Accepted: -1, Upstream: -1, OpenClients: -1}
	}
	if err := proven(c.path, e); err != nil {
		run.err = err
	}
	return run
}

// judged is a check record and whether to believe it.
type judged struct {
	measure.CheckRecord
	doubtful bool
	attempts int // how often it was measured, if more than once
}

// judge answers one check from its trials.
func (r *runner) judge(c cell, check Check, runs map[string]*trialRun, ctl *control) judged {
	rec := judged{CheckRecord: measure.CheckRecord{
		Type: measure.TypeCheck, Cell: c.labels.ID(), Labels: c.labels,
		Check: check.ID, Kind: check.Kind, Axis: check.Axis, Clocks: clocks(c, r.opt.Origin),
	}}
	if lack := check.Requires.Missing(r.opt.Origin.Can()); lack != "" {
		rec.Verdict, rec.Got = measure.Untested, "the origin cannot "+lack
		return rec
	}
	kase := Case{Technique: c.technique, Client: c.receiver.Name, Evidence: map[string]*Evidence{}, MaxWait: r.opt.MaxWait}
	var interval time.Duration
	for _, t := range check.Trials {
		run := runs[t.Name]
		rec.TookMS = max(rec.TookMS, run.took.Milliseconds())
		rec.ProxyVersion, rec.ProxyConfig = run.version, run.configHash
		if run.evidence != nil {
			e := run.evidence
			rec.Trial = t.Name
			rec.StartedUS = e.Started.UnixMicro()
			rec.HTTPUpstream = e.HTTPUpstream()
			rec.Hits += hits(e)
			interval = max(interval, e.Interval)
			kase.Evidence[t.Name] = e
		}
		if run.err != nil {
			rec.Verdict, rec.Got = measure.HarnessFailed, run.err.Error()
			rec.doubtful = true
			return rec
		}
		// A schedule that came out compressed shows another pattern than asked for.
		if lag := worstLag(run.evidence); check.Axis == measure.Delivery && lag > publisherLag {
			rec.Verdict = measure.HarnessFailed
			rec.Got = fmt.Sprintf("this machine was too busy: the publisher itself was %s late", short(lag))
			rec.doubtful = true
			return rec
		}
	}
	var p99 time.Duration
	if ctl != nil {
		p99, kase.Control = ctl.p99, ctl.outcome.evidence
	}
	kase.Limits = measure.NewThresholds(p99, interval)
	f := check.Judge(kase)
	rec.Verdict, rec.Cause, rec.Want, rec.Got = f.Verdict, f.Cause, f.Want, f.Got
	rec.EndedBy, rec.EndKind, rec.Values, rec.doubtful = f.EndedBy, f.EndKind, f.Values, f.Doubtful
	if cause, ok := measure.CauseByID(rec.Cause); ok {
		rec.Advice = cause.Advice
	}
	if ctl == nil && (rec.Verdict == measure.Degraded || rec.Verdict == measure.Broken) {
		rec.doubtful = true // there is nothing on the direct path that could be at fault
	}
	if why := controlFailure(check.ID, ctl); why != "" {
		rec.Verdict, rec.Cause, rec.Advice, rec.Got, rec.doubtful = measure.SetupFailed, "", "", why, false
	}
	return rec
}

// controlFailure says why the control leaves a check without meaning.
func controlFailure(check string, ctl *control) string {
	if ctl == nil {
		return ""
	}
	i := slices.IndexFunc(ctl.outcome.checks, func(r measure.CheckRecord) bool { return r.Check == check })
	if i < 0 {
		return ""
	}
	switch c := ctl.outcome.checks[i]; c.Verdict {
	case measure.Degraded, measure.Broken, measure.HarnessFailed:
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
	lag := e.Lag
	for _, p := range e.Parts {
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

// timeline collects the events of all trials in the order of the checks that
// judged them, each in time order and counted from the start of the cell, and
// notes that start in the check records.
func (o outcome) timeline(started time.Time) []measure.Event {
	for _, c := range o.checks {
		if c.StartedUS != 0 && c.StartedUS < started.UnixMicro() {
			started = time.UnixMicro(c.StartedUS)
		}
	}
	for i := range o.checks {
		if o.checks[i].StartedUS != 0 {
			o.checks[i].StartedUS = started.UnixMicro()
		}
	}
	offsets := map[string]int64{}
	var order []string
	for _, c := range o.checks {
		for _, k := range c.Clocks {
			offsets[k.ID] = k.OffsetUS
		}
		if !slices.Contains(order, c.Trial) {
			order = append(order, c.Trial)
		}
	}
	var out []measure.Event
	for _, name := range slices.SortedFunc(maps.Keys(o.evidence), func(a, b string) int {
		return cmp.Or(rank(order, a)-rank(order, b), strings.Compare(a, b))
	}) {
		e := o.evidence[name]
		parts := e.Parts
		if len(parts) == 0 {
			parts = []*Evidence{e}
		}
		for i, p := range parts {
			trial := name
			if i > 0 {
				trial = fmt.Sprintf("%s-%d", name, i+1)
			}
			events := slices.Concat(p.Origin, p.Client)
			slices.SortStableFunc(events, func(a, b measure.Event) int { return cmp.Compare(a.T, b.T) })
			for _, ev := range events {
				ev.Trial = trial
				ev.T -= started.UnixMicro() + offsets[ev.Clock] // a file has each source's own clock
				out = append(out, ev)
			}
		}
	}
	return out
}

// rank is the place of a name in an order, behind its end when it is not there.
func rank(order []string, name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}
