package reports

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func render(t *testing.T, write func(io.Writer, []*measure.Run) error, runs ...*measure.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, runs); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs from what is written now; go test -update renews it, git diff shows how:\n%s", path, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := bytes.Split([]byte(got), []byte("\n")), bytes.Split([]byte(want), []byte("\n"))
	for i := range g {
		if i >= len(w) || !bytes.Equal(g[i], w[i]) {
			old := "(end)"
			if i < len(w) {
				old = string(w[i])
			}
			return "got  " + short(string(g[i]), 300) + "\nwant " + short(old, 300)
		}
	}
	return "got ends early"
}

func TestGolden(t *testing.T) {
	run := smallRun(t)
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) { golden(t, f.File, render(t, f.Write, run)) })
	}
	t.Run("text wide", func(t *testing.T) {
		golden(t, "wide.txt", render(t, TextOptions{Width: 160, Color: true}.Write, run))
	})
	t.Run("junit strict", func(t *testing.T) {
		golden(t, "junit-strict.xml", render(t, JUnitOptions{DegradedFails: true}.Write, run))
	})
}

// A report must not depend on the order in which maps are walked.
func TestSameInputSameOutput(t *testing.T) {
	run := smallRun(t)
	for _, f := range Formats() {
		first := render(t, f.Write, run)
		for range 5 {
			if render(t, f.Write, run) != first {
				t.Errorf("%s: two renderings of one run differ", f.Name)
			}
		}
	}
}
