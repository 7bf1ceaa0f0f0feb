package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/advice"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// adviceDir is where a run directory keeps the changed copies of
// configurations, and the run that was made with them.
const adviceDir = "advice"

// proveRounds bounds how often what is left behind a copy is mended in turn.
const proveRounds = 3

// prove applies what is advised to copies of the real programs' configurations,
// measures the cells that did not work once more, and writes down whether they
// do now.
func (o runOptions) prove(ctx context.Context, m scenarios.Matrix, w *measure.Writer, opt scenarios.Options, bar *progress) error {
	first, err := measure.Read(w.Dir())
	if err != nil {
		return err
	}
	dir := filepath.Join(w.Dir(), adviceDir)
	if err := os.RemoveAll(dir); err != nil { // of a run that was interrupted
		return fmt.Errorf("prove advice: %w", err)
	}
	plan, err := advice.Make(first, dir)
	if err != nil {
		return err
	}
	var records []measure.AdviceRecord
	var rounds []advice.Round
	for round := 1; ; round++ {
		again := new(measure.Run)
		if len(plan.Copies) > 0 {
			at := dir
			if round > 1 {
				at = filepath.Join(dir, fmt.Sprintf("round-%d", round))
			}
			if again, err = o.again(ctx, first, plan, m, at, opt, bar); err != nil {
				return err
			}
		}
		records, rounds = append(records, plan.Judge(again)...), append(rounds, advice.Round{Plan: plan, Run: again})
		if plan, err = plan.Next(again, dir); err != nil {
			return err
		}
		if len(plan.Copies) == 0 || round == proveRounds {
			break
		}
	}
	records = append(records, advice.Besides(first, rounds)...)
	advice.Sort(records, first)
	for _, a := range records {
		if err := w.Append(a); err != nil {
			return err
		}
	}
	if first, err = measure.Read(w.Dir()); err != nil {
		return err
	}
	return reports.WriteFile(filepath.Join(w.Dir(), adviceFormat.File), adviceFormat, first)
}

// again runs the cells of a plan into a run directory of its own.
func (o runOptions) again(ctx context.Context, first *measure.Run, plan *advice.Plan, m scenarios.Matrix, dir string, opt scenarios.Options, bar *progress) (*measure.Run, error) {
	m, err := plan.Matrix(m)
	if err != nil {
		return nil, err
	}
	bar.say("trying what is advised: %d changed configurations, %d cells", len(plan.Copies), len(m.Labels()))
	w, err := measure.Create(dir)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	rec := first.Record
	rec.ID, rec.Started, rec.Planned, rec.Selection = rec.ID+"-advice", time.Now(), len(m.Labels()), nil
	if err := w.Append(rec); err != nil {
		return nil, err
	}
	opt.Done, opt.Ended = nil, nil
	if _, err := scenarios.Run(ctx, m, w, opt); err != nil {
		return nil, err
	}
	run, err := measure.Read(dir)
	if err != nil {
		return nil, err
	}
	end := measure.EndRecord{Type: measure.TypeEnd, Finished: time.Now(), Cells: len(run.Cells), Verdicts: map[measure.Verdict]int{}, Complete: true}
	for _, c := range run.Cells {
		end.Verdicts[c.Verdict]++
	}
	if err := w.Append(end); err != nil {
		return nil, err
	}
	return run, reports.WriteAll(dir)
}
