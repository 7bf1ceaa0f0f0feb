package scenarios

import (
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// newForecast lists what a run is going to do: its cells in their order, each
// behind its control, and the controls that are no cells of this run.
func (r *runner) newForecast() *forecast {
	f := &forecast{slots: r.parallel, places: map[string]int{}, byID: map[string]*forecastCell{}, costs: map[costKey]*cost{}}
	add := func(c cell, l measure.Labels, rounds int) *forecastCell {
		if l == r.controlLabels(c) {
			c.checks = r.controls[c.control()].checks
		}
		fc := &forecastCell{
			path: l.Proxy, client: l.Client, class: c.technique.Class, rounds: rounds,
			now: map[string]*forecastTrial{},
		}
		fc.trials = trialNames(c.checks)
		f.byID[l.ID()] = fc
		return fc
	}
	var last *forecastCell
	for _, c := range r.cells {
		if c.receiver.AtOnce > 0 {
			f.places[c.receiver.Name] = c.receiver.AtOnce
		}
		if r.opt.Done[c.labels.ID()] {
			continue
		}
		if _, none := r.notMeasured(c); none {
			continue
		}
		direct := r.controlLabels(c)
		ctl := f.byID[direct.ID()]
		if ctl == nil && direct != c.labels {
			ctl = add(c, direct, 1)
			f.cells = append(f.cells, ctl)
		}
		fc := add(c, c.labels, r.opt.Repeat)
		if direct != c.labels {
			fc.after = ctl
		}
		if isVia(c.path) {
			fc.after, fc.whole = last, true
		}
		last = fc
		f.cells = append(f.cells, fc)
	}
	return f
}

// trialIs notes where a trial has come to.
func (r *runner) trialIs(c cell, t Trial, s trialState, weight int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forecast.trial(c.labels.ID(), t.Name, s, weight, time.Now())
}

func (r *runner) trialEnded(c cell, t Trial, attempt int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forecast.ended(c.labels.ID(), t.Name, attempt > 1, took)
	r.progress()
}

func (r *runner) roundEnded(l measure.Labels) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forecast.roundEnded(l.ID())
}

// progress tells how far the run is; r.mu is held.
func (r *runner) progress() {
	if r.opt.Progress == nil {
		return
	}
	now := time.Now()
	r.opt.Progress(Progress{
		Cells: len(r.sum.Cells), Total: len(r.cells) - len(r.opt.Done), Now: r.last, Elapsed: now.Sub(r.started),
		Left: func() time.Duration { return r.forecast.left(now) },
	})
}
