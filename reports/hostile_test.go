package reports

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// hostile strings try to leave each format: HTML, Markdown (tables, code
// spans, mentions, links), XML, CSV (formulas), OpenMetrics, terminals.
var hostile = []string{
	`</script><script>alert(1)</script><img src=x onerror=alert(2)>`,
	`" onmouseover="alert(3)" x='y' </title></desc></svg></details>`,
	"=HYPERLINK(\"http://evil.example/\")|`code`|``more``|",
	"\n# heading\n\n| a | b |\n@everyone www.evil.example http://evil.example [x](javascript:alert(4))",
	"\x1b[31mred\x1b]0;title\x07\x00\x08\x7f\u009b2J\u202egnp.exe\u2066\u200b",
	"\xff\xfe not utf-8 \xc3",
	"]]> <!-- -- --> &amp; &#0; \\\" {label=\"x\"} # EOF",
	"-1+cmd|' /C calc'!A0",
	strings.Repeat("long", 200),
}

// poison sets every string of a record, its keys of maps included.
func poison(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.Pointer:
		poison(v.Elem(), s)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Type.PkgPath() != "time" {
				poison(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), s)
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String && v.Type().Elem().Kind() == reflect.Float64 {
			v.SetMapIndex(reflect.ValueOf(s), reflect.ValueOf(4.5))
		}
	case reflect.String:
		v.SetString(s)
	}
}

// hostileRun has one cell per hostile string, and a broken, drawn one.
func hostileRun(t *testing.T) *measure.Run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := measure.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	add := func(records ...any) {
		if err := w.Append(records...); err != nil {
			t.Fatal(err)
		}
	}
	rec := runRecord("x")
	poison(reflect.ValueOf(&rec), strings.Join(hostile, " "))
	rec.Type = measure.TypeRun
	add(rec)
	for i, s := range hostile {
		p := oneOfEach()[2]
		for _, check := range p.checks() {
			poison(reflect.ValueOf(&check), s)
			check.Type, check.Check = measure.TypeCheck, s+check.Check
			add(check)
		}
		cell := measure.Judge(p.labels, p.checks())
		poison(reflect.ValueOf(&cell), s)
		cell.Type, cell.Cell = measure.TypeCell, "cell"
		if i%2 == 0 {
			cell.Verdict = measure.Broken
		} else if i%3 == 0 {
			cell.Verdict = measure.Skipped
		}
		claim := measure.ClaimRecord{Rows: []string{""}, Values: map[string]float64{}}
		poison(reflect.ValueOf(&claim), s)
		claim.Type = measure.TypeClaim
		add(claim, cell, measure.LoadRecord{Type: measure.TypeLoad, Technique: s, Proxy: s, LimitedBy: s, Values: map[string]float64{s: 1}})
		for _, tried := range []measure.AdviceRecord{{Before: measure.Broken, After: measure.Works, Proven: true, Lines: []string{""}, InsteadLines: []string{""}, Upon: []string{""}}, {}} {
			poison(reflect.ValueOf(&tried), s)
			tried.Type = measure.TypeAdvice
			add(tried)
		}
		events := trialEvents(p, s, 0)
		for j := range events {
			poison(reflect.ValueOf(&events[j]), s)
			if j%3 == 0 {
				events[j].Kind, events[j].Side = measure.End, measure.SideClient
			} else if j%3 == 1 {
				events[j].Kind, events[j].Side = measure.Failed, measure.SideOrigin
			}
		}
		if err := w.Timeline("cell", events); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	run := read(t, dir)
	run.Warnings = append(run.Warnings, hostile...)
	return run
}

func TestHostileHTML(t *testing.T) {
	page := render(t, HTML, hostileRun(t))
	for _, tag := range []string{"<script", "</script", "<title>", "</title>", "<main", "<style"} {
		want := 1
		if tag == "</title>" || tag == "<title>" {
			want = strings.Count(page, tag) // drawings have titles: counted below
		}
		if n := strings.Count(page, tag); n != want {
			t.Errorf("%d times %s", n, tag)
		}
	}
	if strings.Count(page, "<title") != strings.Count(page, "</title>") || strings.Count(page, "<svg") != strings.Count(page, "</svg>") {
		t.Error("titles or drawings are not balanced")
	}
	onlyOurMarkup(t, page)
	noControls(t, page)
}

// onlyOurMarkup reads a page as a browser does and fails on elements and
// attributes that no template of ours writes.
func onlyOurMarkup(t *testing.T, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for body := false; ; {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Fatal(z.Err())
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			body = body || tok.Data == "body"
			if slices.Contains([]string{"img", "iframe", "object", "embed", "base", "marquee"}, tok.Data) {
				t.Errorf("markup of the run became an element %s", tok.Data)
			}
			for _, a := range tok.Attr {
				foreign := strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"style", "src", "srcset", "action", "formaction"}, a.Key)
				if body && (foreign || a.Key == "href" && !strings.HasPrefix(a.Val, "#")) {
					t.Errorf("<%s %s=%q>", tok.Data, a.Key, short(a.Val, 80))
				}
			}
		}
	}
}

func TestHostileMarkdown(t *testing.T) {
	text := render(t, Markdown, hostileRun(t))
	noControls(t, text)
	// What is left outside of code spans must be ours.
	outside := regexp.MustCompile(`<code>[^<]*</code>`).ReplaceAllString(stripCode(text), "")
	for _, bad := range []string{"<script", "<img", "evil.example", "javascript:", "@everyone", "# heading"} {
		if strings.Contains(outside, bad) {
			t.Errorf("%q outside of code:\n%s", bad, outside)
		}
	}
	width := 0
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			width = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if width == 0 {
			width = n
		}
		if n != width {
			t.Errorf("a row of %d bars in a table of %d: %s", n, width, line)
		}
	}
}

// stripCode removes code spans as CommonMark reads them: a run of backticks
// up to the next run of the same length.
func stripCode(s string) string {
	var out strings.Builder
	ticks := regexp.MustCompile("`+")
	for _, line := range strings.Split(s, "\n") {
		for {
			open := ticks.FindStringIndex(line)
			if open == nil {
				break
			}
			end := -1
			for _, m := range ticks.FindAllStringIndex(line[open[1]:], -1) {
				if m[1]-m[0] == open[1]-open[0] {
					end = open[1] + m[1]
					break
				}
			}
			if end < 0 {
				break
			}
			out.WriteString(line[:open[0]])
			line = line[end:]
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

func TestHostileXML(t *testing.T) {
	text := render(t, JUnit, hostileRun(t))
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if el, ok := tok.(xml.StartElement); ok && (el.Name.Local == "script" || el.Name.Local == "img") {
			t.Errorf("element %s", el.Name.Local)
		}
	}
	noControls(t, text)
}

func TestHostileCSV(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(render(t, CSV, hostileRun(t)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < len(hostile) {
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows {
		for _, field := range row {
			if field != "" && strings.ContainsRune("=+-@\t\r", rune(field[0])) {
				t.Errorf("a spreadsheet would run %q", field)
			}
			noControls(t, field)
		}
	}
}

func TestHostileText(t *testing.T) {
	run := hostileRun(t)
	noControls(t, render(t, Text, run))
	coloured := render(t, TextOptions{Color: true}.Write, run)
	noControls(t, regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(coloured, ""))
}

func TestHostileJSON(t *testing.T) {
	var doc document
	if err := json.Unmarshal([]byte(render(t, JSON, hostileRun(t))), &doc); err != nil {
		t.Fatal(err)
	}
	if !containsCell(doc.Cells, hostile[0]) {
		t.Error("text is not as it was recorded")
	}
}

func containsCell(cells []measure.CellRecord, technique string) bool {
	for _, c := range cells {
		if c.Technique == technique {
			return true
		}
	}
	return false
}

func TestHostileOpenMetrics(t *testing.T) { checkExposition(t, render(t, OpenMetrics, hostileRun(t))) }

// noControls fails on characters that do not show themselves.
func noControls(t *testing.T, s string) {
	t.Helper()
	for i, r := range s {
		if r != '\n' && r != '\t' && hidden(r) {
			t.Fatalf("hidden character %U in %q", r, s[max(0, i-40):min(len(s), i+40)])
		}
	}
}
