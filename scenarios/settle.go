package scenarios

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// settle judges a check, and has its trials run again while the answer is in
// doubt.
func (r *runner) settle(ctx context.Context, c cell, check Check, trials []Trial, seen *sightings) measure.CheckRecord {
	rec := r.judge(c, check, trials, seen)
	before := rec
	for attempt := 2; attempt <= maxAttempts && rec.doubtful && ctx.Err() == nil; attempt++ {
		again := *seen
		again.runs = r.repeat(ctx, c, trials, attempt, seen)
		if same(again.runs, seen.runs, trials) { // it is what was judged just now
			continue
		}
		next := r.judge(c, check, trials, &again)
		if unpaid(again.runs) {
			rec.unconfirmed(next.Got)
			break
		}
		// The same answer twice is believed, unless it is that nothing
		// could be measured. It may be a second cause for the same verdict,
		// but no worse one: noise makes nothing better.
		twice := next.agrees(before) && next.Verdict == rec.Verdict
		confirmed := next.agrees(rec) || twice || attempt > 2 && next.silentAs(before)
		if betterOf(next.Verdict, rec.Verdict) || !next.doubtful && next.Verdict == rec.Verdict || twice {
			rec = next
			for _, t := range trials {
				seen.runs[t.Name] = again.runs[t.Name]
			}
		}
		rec.doubtful = next.doubtful && !confirmed
		if _, own := r.opt.Origin.(*Application); own && next.Verdict == measure.HarnessFailed && rec.Verdict.Counts() {
			rec.CheckRecord = next.CheckRecord // it is the application that fails now and then
		}
		before = next
		rec.attempts = attempt
	}
	if rec.attempts > 1 {
		if rec.Values == nil {
			rec.Values = map[string]float64{}
		}
		rec.Values["attempts"] = float64(rec.attempts)
	}
	return rec.CheckRecord
}

// repeat runs trials once more, those that no other check had run at this
// attempt already.
func (r *runner) repeat(ctx context.Context, c cell, trials []Trial, attempt int, seen *sightings) map[string]*trialRun {
	if seen.again[attempt] == nil {
		seen.again[attempt] = map[string]*trialRun{}
	}
	missing := slices.DeleteFunc(slices.Clone(trials), func(t Trial) bool { return seen.again[attempt][t.Name] != nil })
	maps.Copy(seen.again[attempt], r.trials(ctx, c, missing, attempt))
	return seen.again[attempt]
}

func same(a, b map[string]*trialRun, trials []Trial) bool {
	return !slices.ContainsFunc(trials, func(t Trial) bool { return a[t.Name] != b[t.Name] })
}

// unpaid reports whether one of the trials would have exceeded the budget of
// an application.
func unpaid(runs map[string]*trialRun) bool {
	for _, run := range runs {
		if errors.Is(run.err, app.ErrBudget) {
			return true
		}
	}
	return false
}

// unconfirmed takes back a bad verdict that would have to be seen twice to be
// believed.
func (j *judged) unconfirmed(why string) {
	j.doubtful = false
	if j.Verdict == measure.Degraded || j.Verdict == measure.Broken {
		j.Got = fmt.Sprintf("%s once (%s: %s), and not looked at again: %s", j.Verdict, j.Cause, j.Got, why)
		j.Verdict, j.Cause, j.Advice = measure.Untested, "", ""
	}
}
