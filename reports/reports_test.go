package reports

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestWriteAll(t *testing.T) {
	run := smallRun(t)
	if err := os.WriteFile(filepath.Join(run.Dir, "report.html"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteAll(run.Dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"junit.xml", "report.html", "results.jsonl", "summary.md", "timelines"}; !slices.Equal(names, want) {
		t.Errorf("left %v, want %v", names, want)
	}
	if page, _ := os.ReadFile(filepath.Join(run.Dir, "report.html")); !strings.HasPrefix(string(page), "<!doctype html>") {
		t.Error("the old report is still there")
	}
	if err := WriteAll(t.TempDir()); err == nil {
		t.Error("no error for a directory without a run")
	}
}

// A format that fails must leave what was there before.
func TestWriteFileKeepsTheOldOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	failing := Format{Name: "failing", Write: func(w io.Writer, _ []*measure.Run) error {
		io.WriteString(w, "half")
		return io.ErrClosedPipe
	}}
	if err := WriteFile(path, failing); err == nil {
		t.Error("no error")
	}
	if old, _ := os.ReadFile(path); string(old) != "old" {
		t.Errorf("now %q", old)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files left", len(entries))
	}
}

func TestInterrupted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	rec := runRecord("cut-short")
	rec.Planned = 128
	w, err := measure.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	plans := oneOfEach()
	if err := w.Append(rec, plans[2].checks()[1]); err != nil { // a check whose cell was never judged
		t.Fatal(err)
	}
	plans[0].write(t, w, true)
	w.Close()
	f, err := os.OpenFile(filepath.Join(dir, measure.ResultsFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"type":"check","cell":"ab`) // torn
	f.Close()
	run := read(t, dir)
	for _, f := range []Format{{Write: HTML}, {Write: Markdown}, {Write: Text}} {
		text := strings.Join(strings.Fields(render(t, f.Write, run)), " ")
		for _, want := range []string{"Run cut-short was interrupted: 2 of 128 planned cells are on record.", "1 cell had begun when the run stopped", "1 line of the results was not understood", measure.NotJudged} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in:\n%s", want, short(text, 2000))
			}
		}
	}
	if text := render(t, JUnit, run); !strings.Contains(text, `name="complete" value="false"`) || !strings.Contains(text, measure.NotJudged) {
		t.Error("junit does not say that the run was interrupted")
	}
	if text := render(t, OpenMetrics, run); !strings.Contains(text, `cometbench_run_complete{run="cut-short"} 0`) {
		t.Error("openmetrics does not say that the run was interrupted")
	}
	var doc document
	if err := json.Unmarshal([]byte(render(t, JSON, run)), &doc); err != nil || doc.Complete || doc.Runs[0].End != nil {
		t.Errorf("json: complete %v, %v", doc.Complete, err)
	}
}

func TestMissingTimelines(t *testing.T) {
	run := writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), oneOfEach(), true, false)
	page := render(t, HTML, run)
	if strings.Contains(page, `class="plot"`) {
		t.Error("something was drawn")
	}
	if !strings.Contains(page, "No timeline of this cell is on record.") {
		t.Error("the page does not say that the timeline is missing")
	}
}

func TestTornTimeline(t *testing.T) {
	run := smallRun(t)
	path := filepath.Join(run.Dir, measure.TimelinesDir, labels("eventsource", "real:nginx", "go").ID()+".jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	page := render(t, HTML, run)
	if !strings.Contains(page, "The timeline could not be read to its end") || !strings.Contains(page, "eventsource via real:nginx</title>") {
		t.Error("a torn timeline must be drawn as far as it goes, and said to be torn")
	}
}

func TestMerged(t *testing.T) {
	l := labels("eventsource", "real:nginx", "go")
	first := writeRun(t, filepath.Join(t.TempDir(), "1"), runRecord("first"), oneOfEach(), true, true)
	second := writeRun(t, filepath.Join(t.TempDir(), "2"), runRecord("second"), []plan{{l, measure.Works, "", "", "prompt"}}, true, true)

	r := merge([]*measure.Run{first, second})
	if got := r.byLabels[l]; got.Verdict != measure.Works || got.run != second || len(got.checks) != 8 {
		t.Errorf("the cell is %s of run %s with %d checks", got.Verdict, got.run.Record.ID, len(got.checks))
	}
	if r = merge([]*measure.Run{second, first}); r.byLabels[l].Verdict != measure.Broken {
		t.Error("the later argument must count")
	}
	for _, f := range []Format{{Write: HTML}, {Write: Markdown}, {Write: Text}} {
		text := strings.Join(strings.Fields(render(t, f.Write, first, second)), " ")
		if !strings.Contains(text, "Merged from 2 runs. 1 cell was measured more than once: the later run counts.") {
			t.Errorf("the merge is not mentioned: %s", short(text, 500))
		}
	}
}

// A resumed run holds lines of one cell twice.
func TestResumed(t *testing.T) {
	run := smallRun(t)
	w, _ := os.OpenFile(filepath.Join(run.Dir, measure.ResultsFile), os.O_APPEND|os.O_WRONLY, 0)
	again := plan{labels("eventsource", "real:nginx", "go"), measure.Works, "", "", ""}
	for _, c := range again.checks() {
		json.NewEncoder(w).Encode(c)
	}
	json.NewEncoder(w).Encode(measure.Judge(again.labels, again.checks()))
	w.Close()
	c := merge([]*measure.Run{read(t, run.Dir)}).byLabels[again.labels]
	if c.Verdict != measure.Works || len(c.checks) != 8 || c.checks[1].Verdict != measure.Works {
		t.Errorf("%s with %d checks", c.Verdict, len(c.checks))
	}
}

func TestHTMLIsSelfContained(t *testing.T) {
	run := writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), matrix(), true, true)
	page := render(t, HTML, run)
	if len(page) > 1_500_000 {
		t.Errorf("%d bytes for 128 cells", len(page))
	}
	for _, m := range regexp.MustCompile(`(?i)(href|src|srcset|action|data|url|@import)\s*[=(]?\s*["'(]?([^"'\s)>]+)`).FindAllStringSubmatch(page, -1) {
		if strings.Contains(m[2], "//") {
			t.Errorf("outside address: %s", m[0])
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("id %s twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] {
			t.Errorf("link to nowhere: #%s", m[1])
		}
	}
	if n := strings.Count(page, "<h1>"); n != 1 {
		t.Errorf("%d h1", n)
	}
	if n := strings.Count(page, `<details class="cell`); n != 128 {
		t.Errorf("%d cells", n)
	}
}

// One large run must not make a page that no browser opens.
func TestPageBudgets(t *testing.T) {
	run := writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), matrix(), true, true)
	const drawing, detail = 50_000, 200_000
	r := merge([]*measure.Run{run})
	d, err := newDetails(r, drawing, detail, func(c cellView) (detailView, error) { return detailView(strings.Repeat(".", 4000)), nil })
	if err != nil {
		t.Fatal(err)
	}
	drawn := 0
	for _, c := range d.drawings {
		for _, f := range append(c.figures, c.delays) {
			drawn += f.bytes()
		}
	}
	if drawn == 0 || drawn > drawing || len(d.pages) != detail/4000 {
		t.Errorf("%d bytes of drawings, %d cells shown whole", drawn, len(d.pages))
	}
	for c := range d.leftOut {
		if !strings.Contains(d.cell(c).NoFigures, "left out to keep this page small") {
			t.Errorf("a cell whose drawing was left out says %q", d.cell(c).NoFigures)
		}
	}
	if len(d.leftOut) == 0 {
		t.Error("nothing was left out")
	}
	// The first of each cause at a proxy goes before further ones of the same.
	seen := map[string]bool{}
	for _, c := range r.cells {
		key := c.Cause + " at " + c.Proxy
		if c.Cause != "" && !seen[key] && d.pages[c] == "" {
			t.Errorf("nothing shows %s", key)
		}
		seen[key] = true
	}
}

func TestTextFits(t *testing.T) {
	run := writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), matrix(), true, false)
	for _, width := range []int{40, 60, 80, 100, 132, 200} {
		for _, line := range strings.Split(render(t, TextOptions{Width: width}.Write, run), "\n") {
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("width %d: a line of %d: %s", width, n, line)
			}
		}
	}
	narrow, wide := render(t, Text, run), render(t, TextOptions{Width: 200}.Write, run)
	if strings.Contains(narrow, "\x1b") {
		t.Error("colour without being asked")
	}
	if strings.Count(wide, "✗ buffer-until-close") <= strings.Count(narrow, "✗ buffer-until-close") {
		t.Error("a wide table must name the causes")
	}
	for _, p := range []string{"[5] fault:buffer(until=close,if=type:text/html)&idle(after=60s)"} {
		if !strings.Contains(narrow, p) {
			t.Errorf("the key lacks %s", p)
		}
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	var plans []plan
	for _, p := range matrix() {
		for _, http := range []string{"1.0", "1.1", "2", "3"} {
			p.labels.HTTP = http
			plans = append(plans, p)
		}
	}
	run := writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), plans, true, false)
	if n := utf8.RuneCountInString(render(t, Markdown, run)); n > 65536 {
		t.Errorf("%d characters", n)
	}
}

func TestJUnitCounts(t *testing.T) {
	run := writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), matrix(), true, false)
	for _, strict := range []bool{false, true} {
		var doc xmlSuites
		if err := xml.Unmarshal([]byte(render(t, JUnitOptions{DegradedFails: strict}.Write, run)), &doc); err != nil {
			t.Fatal(err)
		}
		n := merge([]*measure.Run{run}).counts()
		failures := n[measure.Broken]
		if strict {
			failures += n[measure.Degraded]
		}
		if doc.Tests != 128 || doc.Failures != failures || doc.Errors != n[measure.HarnessFailed]+n[measure.SetupFailed] || doc.Skipped != n[measure.Unsupported]+n[measure.Skipped] {
			t.Errorf("strict %v: %d tests, %d failures, %d errors, %d skipped; cells %v", strict, doc.Tests, doc.Failures, doc.Errors, doc.Skipped, n)
		}
		if len(doc.Suites) != 16 {
			t.Errorf("%d suites", len(doc.Suites))
		}
	}
}

// checkExposition reads OpenMetrics text as strictly as a scraper would where
// it matters: families once and together, series once, numbers, one end.
func checkExposition(t *testing.T, text string) {
	t.Helper()
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Error("no end mark")
	}
	sample := regexp.MustCompile(`^([a-z_]+)(\{([a-z_]+="([^"\\]|\\["\\n])*")(,[a-z_]+="([^"\\]|\\["\\n])*")*\})? [-+0-9.eE]+$`)
	families, series, now := map[string]bool{}, map[string]bool{}, ""
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			now = strings.Fields(name)[0]
			if families[now] {
				t.Errorf("family %s twice", now)
			}
			families[now] = true
		}
		if strings.HasPrefix(line, "# ") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not a sample: %s", line)
		}
		if strings.TrimSuffix(m[1], "_info") != now {
			t.Errorf("%s inside the family %s", m[1], now)
		}
		key := line[:strings.LastIndex(line, " ")]
		if series[key] {
			t.Errorf("twice: %s", key)
		}
		series[key] = true
	}
}

func TestOpenMetrics(t *testing.T) { checkExposition(t, render(t, OpenMetrics, smallRun(t))) }

func TestLoadRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := measure.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	step := measure.LoadRecord{Type: measure.TypeLoad, Technique: "eventsource", Proxy: "direct", Subscribers: 10000, LimitedBy: "generator",
		Values: map[string]float64{"delivery_p50_ms": 1.2, "delivery_p99_ms": 9.8, "lost": 0, "server_rss_bytes": 1 << 30}}
	w.Append(runRecord("load"), step, step, measure.EndRecord{Type: measure.TypeEnd, Finished: began, Complete: true})
	w.Close()
	run := read(t, dir)
	for _, f := range Formats() {
		if text := render(t, f.Write, run); f.Name != "junit" && f.Name != "csv" && !strings.Contains(text, "generator") {
			t.Errorf("%s does not tell the load steps", f.Name)
		}
	}
	checkExposition(t, render(t, OpenMetrics, run))
}

func TestEmptyRun(t *testing.T) {
	for _, runs := range [][]*measure.Run{nil, {{Record: measure.RunRecord{ID: "empty"}}}} {
		for _, f := range Formats() {
			if render(t, f.Write, runs...) == "" {
				t.Errorf("%s says nothing", f.Name)
			}
		}
	}
}
