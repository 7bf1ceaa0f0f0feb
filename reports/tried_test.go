package reports

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// What became of advice is in the report of several runs, as the last of them
// says.
func TestMergedRunsKeepAdvice(t *testing.T) {
	tried := writeRun(t, filepath.Join(t.TempDir(), "tried"), runRecord("a"), oneOfEach(), true, false)
	plain := writeRun(t, filepath.Join(t.TempDir(), "plain"), runRecord("b"), []plan{{labels("eventsource", "real:haproxy", "go"), measure.Broken, "hold-timer", "late", ""}}, true, false)
	if len(tried.Advice) == 0 || len(plain.Advice) != 0 {
		t.Fatalf("%d and %d records in the fixtures", len(tried.Advice), len(plain.Advice))
	}
	later := *plain
	changed := tried.Advice[0]
	changed.Proven, changed.Reason = false, "it was only luck"
	later.Advice = []measure.AdviceRecord{changed}

	for _, c := range []struct {
		name      string
		runs      []*measure.Run
		want, not string
	}{
		{"a run without any after it", []*measure.Run{tried, plain}, "proxy_buffering off;", "only luck"},
		{"a run without any before it", []*measure.Run{plain, tried}, "proxy_buffering off;", "only luck"},
		{"one that says otherwise", []*measure.Run{tried, &later}, "it was only luck", "buffered: proven"},
	} {
		text := render(t, Text, c.runs...)
		_, section, ok := strings.Cut(text, "Advice, tried")
		if !ok || !strings.Contains(section, c.want) || strings.Contains(section, c.not) {
			t.Errorf("%s: want %q, not %q:\n%s", c.name, c.want, c.not, section)
		}
		var doc document
		if err := json.Unmarshal([]byte(render(t, JSON, c.runs...)), &doc); err != nil || len(doc.Advice) != len(tried.Advice) {
			t.Errorf("%s: %d records in the document, want %d (%v)", c.name, len(doc.Advice), len(tried.Advice), err)
		}
	}
	if text := render(t, Text, plain); strings.Contains(text, "Advice, tried") || strings.Contains(text, "proven") {
		t.Errorf("a run that tried nothing speaks of it:\n%s", text)
	}
}

// The page says of each piece of advice whether it was proven, and of advice
// that nothing was tried of that it was not.
func TestPageSaysWhatIsProven(t *testing.T) {
	page := render(t, HTML, smallRun(t))
	for _, want := range []string{`id="tried"`, "advice proven<", "advice not proven, for nothing could be tried: there is no line of nginx against it<", "once buffered is mended"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	untried := writeRun(t, filepath.Join(t.TempDir(), "untried"), runRecord("b"), []plan{
		{labels("eventsource", "real:nginx", "go"), measure.Broken, "buffer-until-bytes", "late", ""},
		{labels("eventsource", "nginx-default", "go"), measure.Broken, "buffer-until-bytes", "late", ""},
	}, true, false)
	// At the cause, at the proxy and in the cell; a simulation is no program to try it on.
	page = render(t, HTML, untried)
	if n := strings.Count(page, "advice not proven, for this run did not try it"); n != 3 {
		t.Errorf("%d times said that advice was not tried, want 3", n)
	}
}
