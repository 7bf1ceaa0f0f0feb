package measure

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shard is the part of a matrix that one run measures: shard Index of Of.
type Shard struct {
	Index int    `json:"index"` // from 1
	Of    int    `json:"of"`
	Plan  string `json:"plan"`  // names the whole matrix: shards of one plan belong together
	Cells int    `json:"cells"` // of the whole matrix
}

// maxShards bounds the number of shards.
const maxShards = 1000

// ParseShard reads i/n, as 2/3.
func ParseShard(text string) (Shard, error) {
	i, n, ok := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(i)
	of, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || of < 1 || of > maxShards || index < 1 || index > of {
		return Shard{}, fmt.Errorf("shard %q: want i/n with i from 1 to n and n at most %d, as 2/3", text, maxShards)
	}
	return Shard{Index: index, Of: of}, nil
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// MissingShards are the shards of one matrix that no run brought.
type MissingShards struct {
	Of      int
	Indices []int
	Cells   int // that they would have measured
	All     int // cells of the whole matrix
}

// Missing names, for each matrix that was measured in shards, those that are
// not among the runs.
func Missing(runs []*Run) []MissingShards {
	var plans []Shard
	for _, run := range runs {
		if s := run.Record.Shard; s != nil && !slices.ContainsFunc(plans, s.samePlan) {
			plans = append(plans, *s)
		}
	}
	var out []MissingShards
	for _, plan := range plans {
		m := MissingShards{Of: plan.Of, Cells: plan.Cells, All: plan.Cells}
		seen := map[int]bool{}
		for _, run := range runs {
			if s := run.Record.Shard; s != nil && plan.samePlan(*s) && !seen[s.Index] {
				seen[s.Index] = true
				m.Cells -= run.Record.Planned
			}
		}
		for i := 1; i <= plan.Of; i++ {
			if !seen[i] {
				m.Indices = append(m.Indices, i)
			}
		}
		if len(m.Indices) > 0 {
			out = append(out, m)
		}
	}
	return out
}

func (s Shard) samePlan(o Shard) bool { return s.Plan == o.Plan && s.Of == o.Of }

// String says which are missing.
func (m MissingShards) String() string {
	words := make([]string, len(m.Indices))
	for i, index := range m.Indices {
		words[i] = strconv.Itoa(index)
	}
	name, is := "Shard ", "is"
	if len(words) > 1 {
		name, is = "Shards ", "are"
		words = []string{strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]}
	}
	return fmt.Sprintf("%s%s of %d %s missing: %d of %d planned cells are not here.", name, words[0], m.Of, is, m.Cells, m.All)
}
