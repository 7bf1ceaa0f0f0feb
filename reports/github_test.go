package reports

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// command is a workflow command as the runner reads it: what is not escaped
// ends a property.
var command = regexp.MustCompile(`^::(error|warning|notice) (file=[^,:]+,)?title=[^,:]+::(.+)$`)

// checkAnnotations reads annotations as the runner does.
func checkAnnotations(t *testing.T, text string) (byLevel map[string]int) {
	t.Helper()
	noControls(t, text)
	byLevel = map[string]int{}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		m := command.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("no annotation: %s", line)
		}
		if bare := regexp.MustCompile(`%(25|3A|2C)`).ReplaceAllString(line, ""); strings.Contains(bare, "%") {
			t.Errorf("the runner would unescape %s", line)
		}
		byLevel[m[1]]++
	}
	for level, n := range byLevel {
		if n > maxAnnotations {
			t.Errorf("%d of level %s: GitHub drops all but %d", n, level, maxAnnotations)
		}
	}
	return byLevel
}

func TestHostileAnnotations(t *testing.T) {
	checkAnnotations(t, render(t, GitHub, hostileRun(t)))
}

func TestAnnotationsNameTheFile(t *testing.T) {
	l := labels("eventsource", "squid+real:nginx/streaming@deploy/a,b.conf", "go")
	run := writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), []plan{{l, measure.Broken, "buffered", "late", ""}}, true, false)
	text := render(t, GitHub, run)
	checkAnnotations(t, text)
	if want := "::error file=deploy/a%2Cb.conf,title="; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

func TestAnnotationsAreCounted(t *testing.T) {
	var plans []plan
	for i := range 14 {
		plans = append(plans, plan{labels("eventsource", fmt.Sprintf("preset-%02d", i), "go"), measure.Broken, "buffered", "late", ""})
	}
	text := render(t, GitHub, writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("r"), plans, true, false))
	if n := checkAnnotations(t, text)["error"]; n != maxAnnotations || !strings.Contains(text, "5 further findings in the report") {
		t.Errorf("%d errors in\n%s", n, text)
	}
}
