package scenarios

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Shard leaves of a matrix the cells that shard s.Index of s.Of measures, and
// returns s with the plan and its size filled in. Cells are dealt out evenly
// by what they usually cost, the controls that a shard has to measure for them
// included, and always in the same way: shards that were measured on several
// machines have each cell once.
func (m Matrix) Shard(s measure.Shard) (Matrix, measure.Shard) {
	cells := m.cells()
	s.Plan, s.Cells = planOf(cells), len(cells)
	mine := map[measure.Labels]bool{}
	for _, c := range deal(cells, s.Of)[s.Index-1] {
		mine[c.labels] = true
	}
	include := m.Include
	m.Include = func(c Combination) bool { return mine[c.Labels] && (include == nil || include(c)) }
	return m, s
}

// planOf names a matrix: its cells and what each is asked.
func planOf(cells []cell) string {
	var lines []string
	for _, c := range cells {
		line := c.labels.ID()
		for _, check := range c.checks {
			line += " " + check.ID
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}

// deal gives each cell, dearest first, to the part that would then have least
// to do.
func deal(cells []cell, n int) [][]cell {
	costs := make(map[measure.Labels]time.Duration, len(cells))
	for _, c := range cells {
		costs[c.labels] = c.usualCost()
	}
	cells = slices.Clone(cells)
	slices.SortFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(costs[b.labels], costs[a.labels]), strings.Compare(a.labels.ID(), b.labels.ID()))
	})
	parts := make([][]cell, n)
	loads := make([]time.Duration, n)
	controls := make([]map[controlKey]bool, n) // measured there already
	for _, c := range cells {
		cost, key := costs[c.labels], c.control()
		best, least := 0, time.Duration(-1)
		for i := range parts {
			load := loads[i] + cost
			switch measured := controls[i][key]; {
			case measured && isDirect(c.path):
				load = loads[i]
			case !measured && !isDirect(c.path):
				load += cost
			}
			if least < 0 || load < least {
				best, least = i, load
			}
		}
		if controls[best] == nil {
			controls[best] = map[controlKey]bool{}
		}
		controls[best][key] = true
		parts[best], loads[best] = append(parts[best], c), least
	}
	return parts
}

// usualCost is what a cell's trials take together.
func (c cell) usualCost() time.Duration {
	var sum time.Duration
	for _, name := range trialNames(c.checks) {
		sum += usualCost(name)
	}
	return sum
}
