package reports

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// claimsRun has one claim of each answer, and an earlier answer to one of them.
func claimsRun(t *testing.T) *measure.Run {
	t.Helper()
	w, err := measure.Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name, sentence string, a measure.ClaimAnswer, got string, rows ...string) measure.ClaimRecord {
		return measure.ClaimRecord{
			Type: measure.TypeClaim, Claim: name, Sentence: sentence, Source: "a talk", Measured: "by a stopwatch", Answer: a, Got: got, Rows: rows,
			Values: map[string]float64{"times": 4.4}, Command: "cometbench run --claim " + name, Evidence: []string{"claims/" + name}, TookMS: 12300,
		}
	}
	rec := runRecord("claims")
	err = w.Append(rec,
		claim("polling-cost", "Polling costs <many> times what comet costs", measure.ClaimUntested, "the machine was busy"),
		claim("always", "An iframe always works", measure.ClaimFails, "9 of 13 programs | stock", "`forever-iframe`: 9 of 13"),
		claim("polling-cost", "Polling costs <many> times what comet costs", measure.ClaimHolds, "4.4 times", "short-poll: 1.28 %", "long-poll: 0.28 %"),
		claim("faster", "Streaming is cheaper", measure.ClaimOnlyIf, "from 5 messages a second on"),
		claim("missing", "Nobody can tell", measure.ClaimUntested, "chromium is not installed"),
		measure.EndRecord{Type: measure.TypeEnd, Finished: rec.Started.Add(time.Minute), Verdicts: map[measure.Verdict]int{}, Complete: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, w.Dir())
}

// Each report has each claim once, with its last answer and its command.
func TestClaimsAreReported(t *testing.T) {
	run := claimsRun(t)
	for name, write := range map[string]Format{
		"html": {Write: HTML}, "md": {Write: Markdown}, "text": {Write: Text}, "json": {Write: JSON}, "claims": {Write: Claims},
	} {
		got := render(t, write.Write, run)
		if name == "text" {
			got = strings.Join(strings.Fields(got), " ")
		}
		for _, want := range []string{"4.4 times", "from 5 messages a second on", "chromium is not installed", "run --claim always", "run --claim missing"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, got)
			}
		}
		if strings.Contains(got, "the machine was busy") {
			t.Errorf("%s has the answer that another took the place of", name)
		}
		if name != "json" && !strings.Contains(got, "4 claims: 1 holds, 1 does not, 1 holds on a condition, 1 is untested") {
			t.Errorf("%s does not count:\n%s", name, got)
		}
		if name == "html" && strings.Contains(got, "<many>") {
			t.Error("html takes a claim for markup")
		}
	}
}

// The table of claims is a document: its text is no code, and marks nothing up.
func TestHostileClaims(t *testing.T) {
	text := render(t, Claims, hostileRun(t))
	noControls(t, text)
	outside := strings.ReplaceAll(stripCode(text), "<!-- -->", "")
	for _, bad := range []string{"<", "](", "://", "www.", "@", "\n# heading"} {
		if n := strings.Count(outside, bad); n > 0 {
			t.Errorf("%q outside of code:\n%s", bad, outside)
		}
	}
	rows := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") {
			rows++
			if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); n != 5 {
				t.Errorf("a row of %d bars in a table of 5: %s", n, line)
			}
		}
	}
	if rows < 3 {
		t.Errorf("a table of %d lines", rows)
	}
}
