package main

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/cometbench/cometbench/scenarios/fidelity"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// fidelityRow is a line of docs/fidelity.md about a program that was there.
type fidelityRow struct {
	real, version, sim string
	cells              fidelity.Share
}

var fidelityLine = regexp.MustCompile("^\\| `(real:[^`]+)` \\| ([^|]+) \\| (?:`[^`]*`|–) \\| `([^`]+)` \\| (?:yes|no) \\| (?:(\\d+) of (\\d+) )?")

func fidelityTable(t *testing.T) []fidelityRow {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "docs", "fidelity.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []fidelityRow
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if at := fidelityLine.FindStringSubmatch(lines.Text()); at != nil {
			agree, _ := strconv.Atoi(at[4]) // absent where nothing was measured
			of, _ := strconv.Atoi(at[5])
			rows = append(rows, fidelityRow{at[1], at[2], at[3], fidelity.Share{Agree: agree, Of: of}})
		}
	}
	return rows
}

// The table that is shown is about the pairs that there are, all of them, names
// proxies that exist, and is as good as is claimed.
func TestFidelityTable(t *testing.T) {
	rows := fidelityTable(t)
	pairs := fidelity.Pairs()
	if len(rows) != len(pairs) {
		t.Fatalf("%d rows for %d pairs: make fidelity writes them", len(rows), len(pairs))
	}
	var all fidelity.Share
	for i, row := range rows {
		if row.real != pairs[i].Real || row.sim != pairs[i].Sim {
			t.Errorf("row of %s and %s, not of %s and %s: make fidelity writes them", row.real, row.sim, pairs[i].Real, pairs[i].Sim)
		}
		if _, err := selectPaths([]string{row.real, row.sim}, nil, false); err != nil {
			t.Error(err)
		}
		all.Agree += row.cells.Agree
		all.Of += row.cells.Of
	}
	if all.Of == 0 || all.Percent() < 95 {
		t.Errorf("%d of %d cells agree, want 95 %%", all.Agree, all.Of)
	}
}

// A run on programs of the versions in the table finds no fewer cells that
// agree, but for what noise takes. Other versions may do as they like.
func TestFidelityAsInTheTable(t *testing.T) {
	dir := os.Getenv("COMETBENCH_FIDELITY")
	if dir == "" {
		t.Skip("COMETBENCH_FIDELITY is not set; make fidelity sets it")
	}
	run, err := measure.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	was := map[string]fidelityRow{}
	for _, row := range fidelityTable(t) {
		was[row.real+" "+row.sim] = row
	}
	var now, then fidelity.Share
	for _, pair := range fidelity.Compare(fidelity.Pairs(), run).Pairs {
		row, ok := was[pair.Real+" "+pair.Sim]
		if !ok || row.version != pair.Version || pair.Missing != "" {
			t.Logf("%s: not compared (version %q, in the table %q) %s", pair.Real, pair.Version, row.version, pair.Missing)
			continue
		}
		s := pair.Shares().Cells
		if s.Percent() < row.cells.Percent() {
			t.Logf("%s: %d of %d cells agree, in the table %d of %d", pair.Real, s.Agree, s.Of, row.cells.Agree, row.cells.Of)
		}
		now.Agree, now.Of = now.Agree+s.Agree, now.Of+s.Of
		then.Agree, then.Of = then.Agree+row.cells.Agree, then.Of+row.cells.Of
	}
	const noise = 2 // percent of the cells
	if now.Percent() < then.Percent()-noise {
		t.Errorf("%d of %d cells agree, in the table %d of %d (%s)", now.Agree, now.Of, then.Agree, then.Of, dir)
	}
}
