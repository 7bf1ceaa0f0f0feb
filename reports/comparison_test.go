package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// comparison has a change of each way, one in latency alone, and all that can
// be said beside it.
func comparison() measure.Comparison {
	old, now := runRecord("20250314-092653"), runRecord("20250315-101500")
	now.Started, now.Repeat, now.Suite = began.Add(24*time.Hour), 5, "streaming.yaml"
	works, broken := &measure.Outcome{Verdict: measure.Works}, &measure.Outcome{Verdict: measure.Broken, Cause: "buffered"}
	change := func(technique string, way measure.Way, before, after *measure.Outcome, notes ...string) measure.Change {
		l := labels(technique, "real:nginx", "go")
		return measure.Change{Labels: l, Cell: l.ID(), Way: way, Old: before, New: after, Notes: notes}
	}
	later := change("long-poll", measure.ChangeWorse, works, works)
	later.Latencies = []measure.LatencyChange{{
		Check: "delivery/steady", Value: "delay_p50_ms", OldMS: 100.5, NewMS: 131, OldN: 5, NewN: 5, P: 0.0079,
		OldMin: 99, OldMax: 102.5, NewMin: 129, NewMax: 135,
	}}
	wavering := &measure.Outcome{Verdict: measure.Degraded, Cause: "hold-timer", Verdicts: []measure.Verdict{measure.Degraded, measure.Works, measure.Degraded}}
	return measure.Comparison{
		Old: []measure.RunRecord{old}, New: []measure.RunRecord{now}, Same: 7, Latencies: 14,
		Thresholds: measure.LatencyThresholds{Alpha: .05, Percent: 20, Least: 5 * time.Millisecond},
		Changes: []measure.Change{
			change("eventsource", measure.ChangeWorse, works, broken, "proxy version 1.26.0, was 1.22.1"), later,
			change("websocket", measure.ChangeBetter, broken, wavering),
			change("multipart", measure.ChangeNew, nil, works),
			change("short-poll", measure.ChangeGone, works, &measure.Outcome{Verdict: measure.Skipped, Reason: "nginx is not installed"}),
		},
		Notes: []string{"Run 20250314-092653 was interrupted."},
	}
}

func renderComparison(t *testing.T, f ComparisonFormat, c measure.Comparison) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldenComparison(t *testing.T) {
	for _, f := range ComparisonFormats() {
		t.Run(f.Name, func(t *testing.T) { golden(t, f.File, renderComparison(t, f, comparison())) })
	}
}

func TestComparisonWithoutChanges(t *testing.T) {
	c := comparison()
	c.Changes = nil
	for _, f := range ComparisonFormats() {
		if text := renderComparison(t, f, c); text == "" || strings.Contains(text, "eventsource") {
			t.Errorf("%s: %q", f.Name, text)
		}
	}
	if text := renderComparison(t, ComparisonFormats()[0], c); !strings.HasPrefix(text, "Nothing changed in 7 cells.") {
		t.Errorf("it begins %.60q", text)
	}
}

func TestWriteComparisonFile(t *testing.T) {
	f, ok := ComparisonFormatByName("json")
	if !ok {
		t.Fatal("no format json")
	}
	path := filepath.Join(t.TempDir(), f.File)
	if err := WriteComparisonFile(path, f, comparison()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc comparisonDocument
	if err := json.Unmarshal(text, &doc); err != nil || len(doc.Changes) != 5 || doc.Counts[measure.ChangeWorse] != 2 || doc.Changes[1].Latencies[0].Percent < 30 {
		t.Errorf("%+v, %v", doc, err)
	}
	if strings.Contains(string(text), "s3cret") {
		t.Error("a token of the command line is in it")
	}
}

func TestHostileComparison(t *testing.T) {
	for _, s := range hostile {
		c := comparison()
		for i := range c.Changes {
			way := c.Changes[i].Way
			poison(reflect.ValueOf(&c.Changes[i]), s)
			c.Changes[i].Way = way
		}
		poison(reflect.ValueOf(&c.Notes), s)
		poison(reflect.ValueOf(&c.New[0]), s)
		for _, f := range ComparisonFormats() {
			text := renderComparison(t, f, c)
			if f.Name != "json" {
				noControls(t, text)
			}
			checkComparison(t, f.Name, text)
		}
	}
}

// checkComparison reads a comparison as its readers would.
func checkComparison(t *testing.T, format, text string) {
	t.Helper()
	switch format {
	case "html":
		onlyOurMarkup(t, text)
		if strings.Contains(text, "<script") {
			t.Errorf("a script of the run became one of the page:\n%s", text)
		}
	case "md":
		outside := stripCode(text)
		for _, bad := range []string{"<script", "<img", "evil.example", "javascript:", "@everyone"} {
			if strings.Contains(outside, bad) {
				t.Errorf("%q outside of code:\n%s", bad, outside)
			}
		}
	case "junit":
		for dec := xml.NewDecoder(strings.NewReader(text)); ; {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("not well-formed: %v", err)
			}
		}
	case "csv":
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, field := range row {
				if field != "" && strings.ContainsRune("=+@\t\r", rune(field[0])) {
					t.Errorf("a spreadsheet would run %q", field)
				}
			}
		}
	case "json":
		if !json.Valid([]byte(text)) {
			t.Error("no JSON")
		}
	case "github":
		checkAnnotations(t, text)
	case "openmetrics":
		checkExposition(t, text)
		readExposition(t, text)
	}
}
