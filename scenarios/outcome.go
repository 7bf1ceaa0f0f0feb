package scenarios

import (
	"context"
	"fmt"
	"slices"
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
	lateBurst    = time.Second
)

// outcome is everything one cell brought back.
type outcome struct {
	checks   []measure.CheckRecord
	evidence map[string]*Evidence
}

// paced is the evidence that shows how late messages are anyway.
func (o outcome) paced() *Evidence {
	for _, name := range []string{"steady", appName} {
		if e := o.evidence[name]; e != nil {
			return e.exchanges()[0]
		}
	}
	return nil
}

// trialRun is one run of one trial, with what identifies its proxy.
type trialRun struct {
	trial               Trial
	evidence            *Evidence
	err                 error
	version, configHash string
	began               time.Time // when it was given its slot
	took                time.Duration
}

// measure runs a cell's trials and judges its checks; ctl is nil for the
// control itself. Checks that may ask further come last: what they ask hangs on
// evidence that the others may have had measured again.
func (r *runner) measure(ctx context.Context, c cell, ctl *control) outcome {
	asked := c.askable(r.opt.Origin.Can())
	seen := &sightings{runs: r.trials(ctx, c, trialsOf(asked), 1), ctl: ctl, again: map[int]map[string]*trialRun{}}
	r.unaccompanied(ctx, c, seen.runs)
	seen.refused, seen.repeated = refusals(seen.runs), repeats(seen.runs)
	records := make([]measure.CheckRecord, len(c.checks))
	for i, check := range c.checks {
		if check.Further == nil {
			records[i] = r.settle(ctx, c, check, check.Trials, seen)
		}
	}
	further := r.further(ctx, c, asked, seen)
	for i, check := range c.checks {
		if check.Further != nil {
			records[i] = r.settle(ctx, c, check, addTrials(slices.Clone(check.Trials), further[check.ID]), seen)
		}
	}
	out := outcome{checks: records, evidence: map[string]*Evidence{}}
	for name, run := range seen.runs {
		if run.evidence != nil {
			out.evidence[name] = run.evidence
		}
	}
	return out
}

// sightings is what a cell's trials have brought so far.
type sightings struct {
	runs     map[string]*trialRun // by trial name
	refused  []int
	repeated int
	ctl      *control
	again    map[int]map[string]*trialRun // by attempt; checks share these as they share the first
}

// further runs the trials that the checks' evidence calls for, and says which
// check called for which.
func (r *runner) further(ctx context.Context, c cell, asked []Check, seen *sightings) map[string][]Trial {
	called := map[string][]Trial{}
	var fresh []Trial
	for _, check := range asked {
		if check.Further == nil {
			continue
		}
		if kase, ok := r.caseOf(c, check.Trials, seen); ok {
			called[check.ID] = check.Further(kase)
			fresh = addTrials(fresh, called[check.ID])
		}
	}
	fresh = slices.DeleteFunc(fresh, func(t Trial) bool { return seen.runs[t.Name] != nil })
	for name, run := range r.trials(ctx, c, fresh, 1) {
		seen.runs[name] = run
	}
	return called
}

// refusals collects the path's own error answers in the trials of a cell,
// those aside that provoke them.
func refusals(runs map[string]*trialRun) []int {
	var out []int
	for name, run := range runs {
		if run.evidence == nil || run.trial.Provoking {
			continue
		}
		for _, e := range run.evidence.exchanges() {
			if name == appName && e.closedUnanswered() {
				continue // what else could the path have said
			}
			out = append(out, e.Refusals()...)
		}
	}
	slices.Sort(out)
	return out
}

// repeats counts the requests that reached the origin without the client
// having made them, provoking trials aside: a proxy may well ask again where
// the origin closed a connection without an answer.
func repeats(runs map[string]*trialRun) int {
	n := 0
	for _, run := range runs {
		if run.evidence == nil || run.trial.Provoking {
			continue
		}
		for _, e := range run.evidence.exchanges() {
			n += e.Repeated()
		}
	}
	return n
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
	run := &trialRun{trial: t}
	// What is measured again is measured in more quiet: in front of an instance of
	// its own, with a sixth of the slots to itself, then with half, the last time
	// with all of them.
	share := map[int]int64{1: 0, 2: r.parallel / 6, 3: r.parallel / 2}
	quiet, known := share[attempt]
	if !known {
		quiet = r.parallel
	}
	slots, taken := r.slots, max(1, quiet)
	quiet = taken
	if t.Waits {
		slots, taken, quiet = r.waiting, 1, 0
	}
	r.trialIs(c, t, trialAsks, quiet)
	if places := r.places[c.receiver.Name]; places != nil {
		wanted := t.places(c.receiver)
		if run.err = places.Acquire(ctx, wanted); run.err != nil {
			return run
		}
		defer places.Release(wanted)
	}
	r.trialIs(c, t, trialQueues, quiet)
	if run.err = slots.Acquire(ctx, taken); run.err != nil {
		return run
	}
	defer slots.Release(taken)
	started := time.Now()
	run.began = started
	r.trialIs(c, t, trialRuns, quiet)
	defer func() {
		run.took = time.Since(started)
		r.trialEnded(c, t, attempt, run.took)
	}()

	b := &Bench{
		Technique: c.technique, Variant: c.variant, RootsPEM: r.paths.roots, Client: c.receiver.Client, Origin: r.opt.Origin, HTTP: c.labels.HTTP,
		Scale: 1, MaxWait: r.opt.MaxWait, heavy: r.heavy,
		Path:  c.path.Proxy.Name(),
		Nonce: fmt.Sprintf("%s-%s-%d-%d", c.labels.ID(), t.Name, attempt, started.UnixNano()%1e9),
	}
	// The direct path has no limits of its own: there only the origin's scale.
	b.Scalable = c.path.Proxy.Capabilities().Scalable || isDirect(c.path)
	if b.Scalable && t.Scaled {
		b.Scale = r.opt.TimeScale
	}
	if o, ok := r.opt.Origin.(sited); ok {
		if b.Origin, run.err = o.Site(); run.err != nil {
			return run
		}
		defer b.Origin.Close()
	}
	if n := c.path.Proxy.Capabilities().Origins; n > 1 && !t.OwnOrigin {
		if b.Origin, run.err = r.paths.several.of(ctx, r.opt.Origin, n); run.err != nil {
			return run
		}
		b.RootsPEM = slices.Concat(b.RootsPEM, b.Origin.Roots())
	}
	if t.OwnOrigin {
		if b.Origin, run.err = another(ctx, r.opt.Origin, c.path); run.err != nil {
			return run
		}
		defer b.Origin.Close()
		b.RootsPEM = slices.Concat(b.RootsPEM, b.Origin.Roots())
	}
	in, giveBack, err := r.paths.instance(ctx, c.path, b.Origin, b.Scale, cellSeed(r.opt.Seed, c.labels)+int64(c.round), t.OwnProxy || attempt > 1)
	if err != nil {
		run.err = err
		return run
	}
	defer giveBack()
	run.version, run.configHash, b.Route, b.Instance = in.Version(), in.ConfigHash(), in.Route(), in
	run.evidence, run.err = t.Run(ctx, b)
	if run.err != nil {
		return run
	}
	e := run.evidence
	e.Trial, e.Stats = t.Name, in.Stats()
	if isDirect(c.path) || c.path.Proxy.Scope() != proxies.PerCell { // its counters are not this trial's
		e.Stats = proxies.Stats{Hits: -1, Accepted: -1, Upstream: -1, OpenClients: -1}
	}
	if _, is := visited(c.path); is || isVia(c.path) { // somebody says where it leads, and nothing of ours is there to be asked
		return run
	}
	if run.err = r.paths.proven(c.path, b.Route, e); run.err == nil {
		run.err = alive(ctx, c.path, b.Route)
	}
	return run
}
