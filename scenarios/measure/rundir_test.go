package measure_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func cell(technique string, v measure.Verdict) measure.CellRecord {
	l := measure.Labels{Technique: technique, Proxy: "direct", Client: "go", HTTP: "1.1"}
	return measure.CellRecord{Type: measure.TypeCell, Cell: l.ID(), Labels: l, Verdict: v}
}

func write(t *testing.T, records ...any) string {
	t.Helper()
	dir := t.TempDir()
	w, err := measure.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(records...); err != nil {
		t.Fatal(err)
	}
	if err := w.Timeline("abc", []measure.Event{{Side: measure.SideClient, Kind: measure.Received, ID: "e-1", T: 5}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

var runLine = measure.RunRecord{Type: measure.TypeRun, Schema: measure.Schema, ID: "r1"}

func TestReadBack(t *testing.T) {
	end := measure.EndRecord{Type: measure.TypeEnd, Finished: time.Now(), Cells: 1, Complete: true}
	dir := write(t, runLine, cell("eventsource", measure.Works), end)
	run, err := measure.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if run.Record.ID != "r1" || len(run.Cells) != 1 || run.Cells[0].Technique != "eventsource" || !run.Complete() || len(run.Warnings) != 0 {
		t.Errorf("read back %+v", run)
	}
	events, err := measure.ReadTimeline(dir, "abc")
	if err != nil || len(events) != 1 || events[0].Cell != "abc" || events[0].ID != "e-1" {
		t.Errorf("timeline %v, %v", events, err)
	}
	if events, err := measure.ReadTimeline(dir, "none"); err != nil || events != nil {
		t.Errorf("a missing timeline: %v, %v", events, err)
	}
	if _, err := measure.Create(dir); !errors.Is(err, measure.ErrExists) {
		t.Errorf("a second run in the same directory: %v", err)
	}
}

func TestReadDamaged(t *testing.T) {
	dir := write(t, runLine, cell("eventsource", measure.Works), map[string]any{"type": "later"})
	f, _ := os.OpenFile(filepath.Join(dir, measure.ResultsFile), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"type":"cell","technique":"long-po`)
	f.Close()
	run, err := measure.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Cells) != 1 || run.Complete() || len(run.Warnings) != 2 {
		t.Errorf("cells %d, complete %t, warnings %q", len(run.Cells), run.Complete(), run.Warnings)
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := measure.Read(write(t, measure.RunRecord{Type: measure.TypeRun, Schema: measure.Schema + 1})); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a newer schema: %v", err)
	}
	if _, err := measure.Read(write(t, measure.RunRecord{Type: measure.TypeRun})); err == nil || !strings.Contains(err.Error(), "never one") {
		t.Errorf("no schema: %v", err)
	}
	if _, err := measure.Read(write(t, cell("eventsource", measure.Works))); err == nil {
		t.Error("a file without a run line was taken for a run")
	}
	if _, err := measure.Read(t.TempDir()); err == nil {
		t.Error("an empty directory was taken for a run")
	}
}

func TestResume(t *testing.T) {
	ended := cell("eventsource", measure.Works)
	half := measure.CheckRecord{Type: measure.TypeCheck, Cell: "half", Check: "delivery/steady"}
	dir := write(t, runLine, ended, half, measure.EndRecord{Type: measure.TypeEnd, Cells: 1})
	w, done, err := measure.Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 1 || !done[ended.Cell] {
		t.Errorf("done %v", done)
	}
	if err := w.Append(cell("websocket", measure.Broken), measure.EndRecord{Type: measure.TypeEnd, Cells: 2, Complete: true}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	run, err := measure.Read(dir)
	if err != nil || len(run.Cells) != 2 || len(run.Checks) != 0 || !run.Complete() {
		t.Errorf("resumed run: %+v, %v", run, err)
	}
	if _, _, err := measure.Resume(dir); err == nil {
		t.Error("a complete run was resumed")
	}
}
