package main

import (
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/cometbench/cometbench/internal/nearest"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

// suiteText is a suite as a run keeps it, so that it can be finished when the
// file has changed.
type suiteText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// defaultSuite is what is measured when nobody says.
var defaultSuite = sync.OnceValue(func() *suite.Suite {
	s, err := suite.ByName("default", suite.Known{Checks: known().Checks, Clients: clientNames()})
	if err != nil {
		panic(err) // embedded at build time; a test reads it
	}
	return s
})

// readSuite reads --suite: a name, a file, or what a run to be resumed kept.
func (o *runOptions) readSuite() (*suite.Suite, error) {
	switch {
	case o.Suite != nil: // of a run that is resumed
		return parseSuite(o.Suite.Name, []byte(o.Suite.Text))
	case o.suite == "":
		return nil, nil
	}
	s, err := loadSuite(o.suite)
	if err != nil {
		return nil, err
	}
	o.Suite = &suiteText{s.File, string(s.Text)}
	return s, nil
}

// loadSuite finds a suite by its name, or else reads the file.
func loadSuite(name string) (*suite.Suite, error) {
	for _, b := range suite.Builtins() {
		if b.Name == name {
			s, err := suite.ByName(name, known())
			if err != nil {
				return nil, usage("%w; cometbench list suites shows those that are", err)
			}
			return s, nil
		}
	}
	s, err := suite.Load(name, known())
	if os.IsNotExist(err) && !strings.ContainsAny(name, `./\`) {
		return nil, unknownName("suite", name, suiteNames())
	}
	if os.IsNotExist(err) {
		hint := "cometbench init -o FILE writes one to start from"
		if near, ok := nearest.Name(name, filesBeside(name)); ok {
			hint = "did you mean " + near + "?"
		}
		return nil, usage("--suite %s: there is no such file; %s", name, hint)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	return s, nil
}

func parseSuite(name string, text []byte) (*suite.Suite, error) {
	s, err := suite.Parse(name, text, known())
	if err != nil {
		return nil, usage("%w", err)
	}
	return s, nil
}

// filesBeside are the files in the directory of one that is not there.
func filesBeside(name string) []string {
	dir := "."
	prefix := ""
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		dir, prefix = name[:i+1], name[:i+1]
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		out = append(out, prefix+e.Name())
	}
	return out
}

func suiteNames() []string {
	var out []string
	for _, b := range suite.Builtins() {
		out = append(out, b.Name)
	}
	return out
}

// gave reports whether a flag was given, now or to the run that is resumed.
func (o runOptions) gave(flag string) bool { return slices.Contains(o.Given, flag) }

// follow takes over from a suite what no flag says.
func (o *runOptions) follow(s *suite.Suite) {
	if s == nil {
		return
	}
	take(o, "time-scale", &o.TimeScale, s.TimeScale)
	take(o, "max-wait", &o.MaxWait, s.MaxWait)
	take(o, "repeat", &o.Repeat, s.Repeat)
	take(o, "parallel", &o.parallel, s.Parallel)
	take(o, "fail-on", &o.FailOn, s.FailOn)
	take(o, "baseline", &o.Baseline, s.Baseline)
	take(o, "latency-percent", &o.Latency.Percent, s.Latency.Percent)
	take(o, "latency-least", &o.Latency.Least, s.Latency.Least)
	take(o, "alpha", &o.Latency.Alpha, s.Latency.Alpha)
	take(o, "tls", &o.TLS, s.TLS)
	if s.Seed != nil && !o.gave("seed") { // 0 is a seed like any other
		o.Seed = *s.Seed
	}
	o.limits = s.Thresholds
	if !o.gave("http") {
		o.HTTP = nil
		for _, b := range s.Blocks() {
			o.HTTP = append(o.HTTP, b.HTTP...)
		}
	}
}

// take sets a value from the suite where the suite has one and no flag does.
func take[T comparable](o *runOptions, flag string, to *T, from T) {
	var zero T
	if from != zero && !o.gave(flag) {
		*to = from
	}
}

// narrowed reports whether flags change which cells a suite measures.
func (o runOptions) narrowed() bool {
	return slices.ContainsFunc([]string{"technique", "proxy", "client", "mode", "http", "variant"}, o.gave)
}

// checkExpectations refuses a suite that expects something of cells it does
// not measure: a slip of the hand that would never be noticed.
func checkExpectations(s *suite.Suite, m scenarios.Matrix) error {
	cells := m.Labels()
	for _, e := range s.Expect {
		if !e.Meets(cells) {
			return usage("%s:%d: expect: no cell of this suite matches; cometbench run --suite %s --dry-run lists them", s.File, e.Line, s.File)
		}
	}
	return nil
}

// shard leaves the cells of one shard, and says which it is; nil is all.
func (o runOptions) shard(m scenarios.Matrix) (scenarios.Matrix, *measure.Shard, error) {
	if o.Shard == "" {
		return m, nil, nil
	}
	s, err := measure.ParseShard(o.Shard)
	if err != nil {
		return m, nil, usage("--%w", err)
	}
	m, s = m.Shard(s)
	return m, &s, nil
}
