package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Options are the settings of a run. The zero value of each is its default.
type Options struct {
	Origin    Origin
	TimeScale float64       // of policy time on scalable paths, 0 is 1
	MaxWait   time.Duration // for limits of unscaled paths, 0 is 5 s
	Parallel  int           // trials at once, 0 is 36
	Seed      int64
	Repeat    int                                             // measurements of each cell, 0 is 1
	Limits    measure.Thresholds                              // of delay; zero fields are the usual ones
	Done      map[string]bool                                 // ids of cells that an earlier run has ended
	Progress  func(Progress)                                  // called as trials and cells end, serially
	Ended     func(measure.CellRecord, []measure.CheckRecord) // called as cells end, serially
}

// Progress is how far a run has come.
type Progress struct {
	Cells, Total int    // cells ended, cells in all
	Now          string // the cell that ended last, "" before the first
	Elapsed      time.Duration
	Left         func() time.Duration // an estimate, which costs time to make; to be called at once
}

// Summary is the outcome of a run.
type Summary struct {
	Cells    []measure.CellRecord
	Verdicts map[measure.Verdict]int
	Complete bool
}

// Run measures the cells of m and appends a check record per question and a
// cell record per cell to w as each cell ends. When ctx ends it stops, keeps
// what has ended and returns ctx's error with the summary so far.
func Run(ctx context.Context, m Matrix, w *measure.Writer, opt Options) (Summary, error) {
	r := &runner{
		opt: opt, w: w, cells: m.cells(), started: time.Now(),
		parallel: int64(orDefault(opt.Parallel, 36)),
		heavy:    semaphore.NewWeighted(heavyAtOnce),
		sum:      Summary{Verdicts: map[measure.Verdict]int{}},
	}
	r.opt.Repeat = orDefault(opt.Repeat, 1)
	r.slots, r.waiting = semaphore.NewWeighted(r.parallel), semaphore.NewWeighted(waitingPerSlot*r.parallel)
	r.places = map[string]*semaphore.Weighted{}
	for _, c := range m.Clients {
		if c.AtOnce > 0 {
			r.places[c.Name] = semaphore.NewWeighted(int64(c.AtOnce))
		}
	}
	if r.opt.TimeScale == 0 {
		r.opt.TimeScale = 1
	}
	if r.opt.MaxWait == 0 {
		r.opt.MaxWait = 5 * time.Second
	}
	var err error
	if r.paths, err = newSharedPaths(opt.Origin, m.TLS); err != nil {
		return r.sum, err
	}
	if r.direct, err = controlOf(opt.Origin); err != nil {
		return r.sum, err
	}
	err = r.run(ctx)
	if cerr := r.paths.close(); err == nil {
		err = cerr
	}
	r.sum.Complete = err == nil && len(r.sum.Cells)+len(opt.Done) >= len(r.cells)
	return r.sum, err
}

// waitingPerSlot trials that send a message a second cost less than one other.
const waitingPerSlot = 2

// heavyAtOnce bursts of 500 KB/s each leave two cores room for the others.
const heavyAtOnce = 4

func orDefault(n, d int) int {
	if n <= 0 {
		return d
	}
	return n
}

type runner struct {
	opt      Options
	w        *measure.Writer
	cells    []cell
	started  time.Time
	parallel int64
	slots    *semaphore.Weighted            // trials at once
	waiting  *semaphore.Weighted            // trials at once that mostly wait
	places   map[string]*semaphore.Weighted // subscriptions at once, per client that has a limit
	heavy    *semaphore.Weighted            // bursts at once
	paths    *sharedPaths
	direct   Path // the control
	watch    originWatch

	mu       sync.Mutex // guards what follows, and w
	sum      Summary
	forecast *forecast
	last     string // the cell that ended last
	writeErr error
	controls map[controlKey]*control

	hops hops // of paths that were there before us
}

func (r *runner) run(ctx context.Context) error {
	r.controls = controlsOf(r.cells, r.opt.Done)
	r.forecast = r.newForecast()
	defer r.watchOrigin(ctx)()
	var wg sync.WaitGroup
	for _, c := range r.cells {
		if r.opt.Done[c.labels.ID()] {
			if isVia(c.path) {
				r.hops.n++
			}
			continue
		}
		if isVia(c.path) { // each is held against the one before it
			r.cell(ctx, c)
			continue
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			r.cell(ctx, c)
		}()
	}
	wg.Wait()
	if r.writeErr != nil {
		return r.writeErr
	}
	return ctx.Err()
}

// cell measures one cell: its control first, once for all cells that share it.
func (r *runner) cell(ctx context.Context, c cell) {
	started := time.Now()
	if rec, ok := r.notMeasured(c); ok {
		r.ended(ctx, rec, nil, nil)
		return
	}
	ctl := r.controls[c.control()]
	ctl.once.Do(func() {
		defer close(ctl.finished)
		if v, is := visited(c.path); is {
			ctl.p99 = v.roundTrip / 2
			return
		}
		direct := c
		direct.path, direct.checks, direct.tier = r.direct, ctl.checks, ctl.tier
		direct.labels = r.controlLabels(c)
		ctl.labels = direct.labels
		ctl.outcome = r.measure(ctx, direct, nil)
		r.roundEnded(ctl.labels)
		if e := ctl.outcome.paced(); e != nil {
			ctl.p99 = max(0, quantile(delays(e.Arrivals()), .99)-e.Interval)
		}
	})
	select {
	case <-ctl.finished:
	case <-ctx.Done():
		return
	}
	rec, out := r.repeated(ctx, c, ctl)
	if _, own := r.opt.Origin.(*Application); own {
		soundCell(&rec, out.checks)
	}
	if ctx.Err() != nil {
		return
	}
	events := out.timeline(started)
	if isVia(c.path) {
		r.hops.trace(&rec)
	}
	r.ended(ctx, rec, out.checks, events)
}

// notMeasured is the record of a cell that nothing can be measured for.
func (r *runner) notMeasured(c cell) (measure.CellRecord, bool) {
	rec := measure.CellRecord{Type: measure.TypeCell, Cell: c.labels.ID(), Labels: c.labels,
		Opening: measure.Untested, Delivery: measure.Untested, Ending: measure.Untested}
	switch {
	case c.receiver.Missing != nil:
		rec.Verdict, rec.Reason = measure.Skipped, c.receiver.Missing.Error()
	case c.path.Missing != nil:
		rec.Verdict, rec.Reason = measure.Skipped, c.path.Missing.Error()
	case len(c.checks) == 0:
		rec.Verdict, rec.Reason = measure.Untested, "none of the checks asked for applies to this technique"
	default:
		if rec.Reason = r.unsupported(c); rec.Reason == "" {
			return rec, false
		}
		rec.Verdict = measure.Unsupported
	}
	return rec, true
}

// unsupported says why a combination cannot be: the technique is not made for
// this HTTP version, the path does not speak it, or the client cannot.
func (r *runner) unsupported(c cell) string {
	v := c.labels.HTTP
	if over := c.technique.HTTP; len(over) > 0 && !slices.Contains(over, v) {
		return fmt.Sprintf("%s runs over HTTP/%s only: %s", c.technique.Name, strings.Join(over, ", "), c.technique.HTTPNote)
	}
	if c.variant != "" && !slices.Contains(c.technique.Variants, c.variant) {
		return fmt.Sprintf("%s has no variant %s", c.technique.Name, c.variant)
	}
	if caps := c.path.Proxy.Capabilities(); !isDirect(c.path) {
		if len(caps.Front) > 0 && !slices.Contains(caps.Front, v) {
			return fmt.Sprintf("%s speaks HTTP/%s to clients, as it is configured here", c.path.Proxy.Name(), strings.Join(caps.Front, ", "))
		}
		if c.labels.TLS && !caps.TLS && !caps.Foreign {
			return c.path.Proxy.Name() + " does not end TLS, as it is configured here"
		}
	}
	if _, browser := c.receiver.Client.(measure.Browser); c.technique.Demo && !browser {
		return c.technique.Name + " is a page: it takes a browser, and " + c.receiver.Name + " is none"
	}
	sub := measure.Subscription{
		Technique: c.technique.Name, Variant: c.variant,
		Target: measure.Target{URL: r.opt.Origin.URL().String(), HTTP: v},
	}
	if caps := c.path.Proxy.Capabilities(); c.path.Mode == proxies.Forward || len(caps.Modes) > 0 && !slices.Contains(caps.Modes, proxies.Reverse) {
		sub.Target.Proxy = "http://127.0.0.1" // some forward proxy
	}
	if a, own := r.opt.Origin.(*Application); own {
		stream := a.Spec.Stream()
		sub.Stream = &stream
	}
	if err := c.receiver.Client.Supports(sub); err != nil {
		return err.Error()
	}
	return ""
}

// ended writes a cell down.
func (r *runner) ended(ctx context.Context, rec measure.CellRecord, checks []measure.CheckRecord, events []measure.Event) {
	if ctx.Err() != nil {
		return
	}
	if a, own := r.opt.Origin.(*Application); own {
		checks = a.redact(&rec, checks, events)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []any
	for _, c := range checks {
		records = append(records, c)
	}
	records = append(records, rec)
	err := error(nil)
	if len(events) > 0 {
		err = r.w.Timeline(rec.Cell, events)
	}
	if err == nil {
		err = r.w.Append(records...)
	}
	if err != nil && r.writeErr == nil {
		r.writeErr = fmt.Errorf("cell %s: %w", rec.Labels, err)
	}
	r.sum.Cells = append(r.sum.Cells, rec)
	r.sum.Verdicts[rec.Verdict]++
	if r.opt.Ended != nil {
		r.opt.Ended(rec, checks)
	}
	r.forecast.cellEnded(rec.Cell)
	r.last = rec.Labels.String()
	r.progress()
}
