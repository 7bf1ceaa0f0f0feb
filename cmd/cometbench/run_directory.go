package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// directory opens the run directory, new or to be resumed, and says which
// cells are in it already.
func (o runOptions) directory(id string) (*measure.Writer, map[string]bool, error) {
	if o.resume != "" {
		w, done, err := measure.Resume(o.resume)
		if err != nil {
			return nil, nil, usage("--resume %s: %w", o.resume, err)
		}
		return w, done, nil
	}
	dir := o.newDirectory(id)
	w, err := measure.Create(dir)
	if errors.Is(err, measure.ErrExists) {
		return nil, nil, usage("--out %s: it holds the results of another run; name a new directory, or --resume %s", dir, dir)
	}
	if err != nil {
		return nil, nil, usage("--out %s: %w; name a directory that can be written", dir, err)
	}
	return w, nil, nil
}

// newDirectory is where a run that resumes no other is written.
func (o runOptions) newDirectory(id string) string {
	if o.out != "" {
		return o.out
	}
	return filepath.Join("cometbench-out", id)
}

// canWrite refuses a directory of an earlier run, or one that cannot be made,
// and leaves nothing behind: what is asked of an application may cost money,
// and should not be asked when there is no place for the answer.
func (o runOptions) canWrite(id string) error {
	if o.resume != "" {
		return nil // takeOver has looked
	}
	dir := o.newDirectory(id)
	if _, err := os.Lstat(filepath.Join(dir, measure.ResultsFile)); err == nil {
		return usage("--out %s: it holds the results of another run; name a new directory, or --resume %s", dir, dir)
	}
	there := dir // as far as it exists
	for {
		info, err := os.Stat(there)
		if err == nil && !info.IsDir() {
			return usage("--out %s: %s is no directory", dir, there)
		}
		if err == nil {
			break
		}
		up := filepath.Dir(there)
		if up == there || !errors.Is(err, os.ErrNotExist) {
			return usage("--out %s: %w; name a directory that can be written", dir, err)
		}
		there = up
	}
	probe, err := os.MkdirTemp(there, ".cometbench-")
	if err != nil {
		return usage("--out %s: %w; name a directory that can be written", dir, err)
	}
	return os.Remove(probe)
}

func runID(t time.Time) string { return t.UTC().Format("20060102-150405.000") }

// record is the run's first line.
func (o runOptions) record(ctx context.Context, id string, origin scenarios.Origin, planned int, shard *measure.Shard) (measure.RunRecord, error) {
	v, commit := buildInfo()
	sel := o.selection
	sel.Proxies = redacted(sel.Proxies)
	sel.App = app.RedactURL(sel.App)
	sel.Baseline = proxies.MaskPasswords(sel.Baseline)
	if sel.Suite != nil {
		sel.Suite = &suiteText{sel.Suite.Name, proxies.MaskPasswords(sel.Suite.Text)}
	}
	sel.Given = slices.DeleteFunc(slices.Clone(sel.Given), func(flag string) bool {
		return !slices.Contains(selectionFlags, flag) && !slices.Contains(gateFlags, flag)
	})
	sel.Vias = redacted(sel.Vias)
	for flag, changed := range map[string]bool{
		"app": sel.App != o.App, "via": !slices.Equal(sel.Vias, o.Vias), "proxy": !slices.Equal(sel.Proxies, o.Proxies),
	} {
		if changed {
			sel.Hidden = append(sel.Hidden, flag)
		}
	}
	slices.Sort(sel.Hidden)
	asked, err := json.Marshal(sel)
	if err != nil {
		return measure.RunRecord{}, fmt.Errorf("write down the selection: %w", err)
	}
	rec := measure.RunRecord{
		Type: measure.TypeRun, Schema: measure.Schema, ID: id, Started: time.Now(), Selection: asked,
		Command: append([]string{"cometbench"}, redacted(os.Args[1:])...), Tool: measure.Tool{Version: v, Commit: commit},
		Host: scenarios.ThisHost(), TimeScale: o.TimeScale, Seed: o.Seed, Planned: planned,
		NoiseFloor: scenarios.NoiseFloor(ctx, origin), Shard: shard,
		PromptMS: o.limits.Prompt.Seconds() * 1000, LateMS: o.limits.Late.Seconds() * 1000,
	}
	if o.Repeat > 1 {
		rec.Repeat = o.Repeat
	}
	if o.Suite != nil {
		rec.Suite = o.Suite.Name
	}
	return rec, nil
}

// takeOver sets the selection to that of the run to be resumed.
func (o *runOptions) takeOver() error {
	run, err := measure.Read(o.resume)
	if err != nil {
		return usage("--resume %s: %w", o.resume, err)
	}
	if len(run.Record.Selection) == 0 {
		return usage("--resume %s: this run did not write down what it was to measure; start a new one", o.resume)
	}
	now := o.selection
	o.selection = selection{Repeat: 1, Latency: now.Latency} // what runs of old did not write down
	if err := json.Unmarshal(run.Record.Selection, &o.selection); err != nil {
		return usage("--resume %s: its selection cannot be read: %w", o.resume, err)
	}
	for _, flag := range now.Given {
		switch flag {
		case "fail-on":
			o.FailOn = now.FailOn
		case "baseline":
			o.Baseline = now.Baseline
		case "latency-percent":
			o.Latency.Percent = now.Latency.Percent
		case "latency-least":
			o.Latency.Least = now.Latency.Least
		case "alpha":
			o.Latency.Alpha = now.Latency.Alpha
		}
	}
	o.Given = append(o.Given, now.Given...)
	if run.Complete() {
		return usage("--resume %s: this run is complete; there is nothing to resume", o.resume)
	}
	if len(o.Hidden) > 0 {
		return usage("--resume %s: a secret in its --%s was not written down, so it cannot be asked for again; start a new run%s", o.resume, strings.Join(o.Hidden, " and --"), keepSecrets(o.Hidden))
	}
	return nil
}

// keepSecrets says how the next run can be resumed.
func keepSecrets(hidden []string) string {
	if slices.Contains(hidden, "proxy") {
		return ""
	}
	return ", with the secret as ${NAME} in a file (--app FILE), which can be resumed"
}

// redacted hides tokens and passwords in what results and reports repeat.
func redacted(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		out[i] = app.RedactURL(proxies.MaskPasswords(a))
		if strings.HasPrefix(a, "--origin-token=") {
			out[i] = "--origin-token=…"
		}
		if i > 0 && args[i-1] == "--origin-token" {
			out[i] = "…"
		}
	}
	return out
}
