package suite

import (
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Suite is one file. Zero values leave the choice to whoever runs it.
type Suite struct {
	File  string // as errors name it
	Name  string // what it calls itself, else File
	Means string // in a sentence
	Text  []byte // the source

	Matrix  Block
	Include []Block  // more of the same; what one does not say is the matrix's
	Exclude []Match  // cells, and with checks: questions
	Claims  []string // what is said of comet and tested besides the matrix, by name or glob
	TLS     bool

	Thresholds measure.Thresholds // zero fields are the usual ones
	TimeScale  float64
	MaxWait    time.Duration
	Repeat     int
	Parallel   int
	Seed       *int64

	Expect   []Expectation // of several about one cell the last counts
	FailOn   string        // degraded, broken or ""
	Baseline string        // a results file or run directory, from the working directory
	Latency  measure.LatencyThresholds
}

// Block is one matrix: every combination of its lists. Names may be globs; an
// empty list is the choice of whoever runs it.
type Block struct {
	Techniques, Proxies, Clients, HTTP, Variants, Modes, Checks []string
	Tier                                                        string // of the checks where none is named: quick, thorough, full
}

// over fills in from the matrix what a block does not say. A block that names
// checks has no tier.
func (b Block) over(m Block) Block {
	or := func(own, others []string) []string {
		if own == nil {
			return others
		}
		return own
	}
	if b.Checks == nil && b.Tier == "" {
		b.Checks, b.Tier = m.Checks, m.Tier
	}
	b.Techniques, b.Proxies, b.Clients = or(b.Techniques, m.Techniques), or(b.Proxies, m.Proxies), or(b.Clients, m.Clients)
	b.HTTP, b.Variants, b.Modes = or(b.HTTP, m.HTTP), or(b.Variants, m.Variants), or(b.Modes, m.Modes)
	return b
}

// Blocks are the matrix and what is included beside it, each whole.
func (s *Suite) Blocks() []Block {
	out := []Block{s.Matrix}
	for _, b := range s.Include {
		out = append(out, b.over(s.Matrix))
	}
	return out
}

// Match picks cells by globs over their labels; an empty list matches any.
type Match struct {
	Techniques, Proxies, Clients, HTTP, Variants []string
	Checks                                       []string // questions about these cells; none: the cells themselves
	Line                                         int
}

// Cell reports whether a cell is meant.
func (m Match) Cell(l measure.Labels) bool {
	for _, by := range []struct {
		patterns []string
		name     string
	}{{m.Techniques, l.Technique}, {m.Proxies, l.Proxy}, {m.Clients, l.Client}, {m.HTTP, l.HTTP}, {m.Variants, l.Variant}} {
		if len(by.patterns) > 0 && !measure.Glob(by.patterns, by.name) {
			return false
		}
	}
	return true
}

// Excludes reports whether a cell is not to be measured.
func (s *Suite) Excludes(l measure.Labels) bool {
	return slices.ContainsFunc(s.Exclude, func(m Match) bool { return len(m.Checks) == 0 && m.Cell(l) })
}

// ExcludesCheck reports whether a cell is not to be asked this.
func (s *Suite) ExcludesCheck(l measure.Labels, check string) bool {
	return slices.ContainsFunc(s.Exclude, func(m Match) bool { return len(m.Checks) > 0 && measure.Glob(m.Checks, check) && m.Cell(l) })
}

// Title is what the suite calls itself.
func (s *Suite) Title() string {
	if s.Name != "" {
		return s.Name
	}
	return s.File
}
