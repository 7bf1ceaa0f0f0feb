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
	evidence            *Evidence
	err                 error
	version, configHash string
	began               time.Time // when it was given its slot
	took                time.Duration
}

// measure runs a cell's trials and judges its checks; ctl is nil for the
// control itself.
func (r *runner) measure(ctx context.Context, c cell, ctl *control) outcome {
	runs := r.trials(ctx, c, c.trials(), 1)
	out := outcome{evidence: map[string]*Evidence{}}
	refused := refusals(runs)
	for _, check := range c.checks {
		rec := r.judge(c, check, runs, refused, ctl)
		for attempt := 2; attempt <= maxAttempts && rec.doubtful && ctx.Err() == nil; attempt++ {
			again := r.trials(ctx, c, check.Trials, attempt)
			next := r.judge(c, check, again, refused, ctl)
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

// refusals collects the path's own error answers in the trials of a cell,
// those aside that ask for its limits: there an error is an answer.
func refusals(runs map[string]*trialRun) []int {
	var out []int
	for name, run := range runs {
		if run.evidence == nil || name == silenceName {
			continue
		}
		for _, e := range run.evidence.exchanges() {
			out = append(out, e.Refusals()...)
		}
	}
	slices.Sort(out)
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
	// What is measured again is measured in more quiet: with a sixth of the slots
	// to itself, then with half, the last time with all of them.
	share := map[int]int64{1: 0, 2: r.parallel / 6, 3: r.parallel / 2}
	quiet, known := share[attempt]
	if !known {
		quiet = r.parallel
	}
	quiet = max(1, quiet)
	r.trialIs(c, t, trialAsks, quiet)
	if places := r.places[c.receiver.Name]; places != nil {
		if run.err = places.Acquire(ctx, 1); run.err != nil {
			return run
		}
		defer places.Release(1)
	}
	r.trialIs(c, t, trialQueues, quiet)
	if run.err = r.slots.Acquire(ctx, quiet); run.err != nil {
		return run
	}
	defer r.slots.Release(quiet)
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
	in, giveBack, err := r.paths.instance(ctx, c.path, b.Origin, b.Scale, cellSeed(r.opt.Seed, c.labels)+int64(c.round))
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
	if _, is := visited(c.path); is || isVia(c.path) { // somebody says where it leads, and nothing of ours is there to be asked
		return run
	}
	if run.err = r.paths.proven(c.path, b.Route, e); run.err == nil {
		run.err = alive(ctx, c.path, b.Route)
	}
	return run
}
