package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The table of advice that was tried is about what is advised now: of each row
// of a cell's own cause the lines are those of the fixes, or there are none and
// the reason is the one that is given.
func TestAdviceTableIsWhatIsAdvised(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "advice.md"))
	if err != nil {
		t.Fatal(err)
	}
	back := strings.NewReplacer("›", ">", "‹", "<", "\t", " ")
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(back.Replace(strings.TrimSpace(line)), " | ")
		if !strings.HasPrefix(line, "| `real:") || len(cells) < 7 {
			continue
		}
		proxy, cause, lines, outcome := strings.Trim(cells[0], "| `"), cells[2], cells[3], cells[6]
		if strings.ContainsAny(cause, ", ") {
			continue // mended before, or of checks only: several fixes together
		}
		rows++
		fix, ok := measure.FixFor(cause, proxy)
		want := strings.Join(fix.Advised(), " ")
		if want == "" && ok {
			want = "remove " + fix.Without
		}
		switch why, known := measure.WhyNoFix(cause, proxy); {
		case ok && lines != back.Replace(want)+" ("+fix.Where+")":
			t.Errorf("%s, %s: the table has %q, and %q is advised: make advice writes it", proxy, cause, lines, want)
		case !ok && lines != "–":
			t.Errorf("%s, %s: the table has %q, and nothing is advised", proxy, cause, lines)
		case !ok && known && !strings.Contains(outcome, why):
			t.Errorf("%s, %s: the table has %q, not why: %s", proxy, cause, outcome, why)
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows of cells' own causes", rows)
	}
}
