package scenarios_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// The variables of `make confusion`: where the table goes, where the runs are
// kept, to be looked at and to go on from, which causes are provoked and by
// which techniques it is received (globs; all without them).
const (
	confusionFile = "COMETBENCH_CONFUSION"
	confusionRuns = "COMETBENCH_CONFUSION_RUNS"
	confusionOnly = "COMETBENCH_CONFUSION_ONLY"
	confusionBy   = "COMETBENCH_CONFUSION_BY"
)

// diagonal is the share of the cells with trouble that must name the cause that
// was provoked.
const diagonal = 97

// TestConfusion walks the closed table: each fault in front of each technique,
// and the cause that a run names. It takes minutes, so it runs by `make
// confusion` only, and writes the table.
func TestConfusion(t *testing.T) {
	file := os.Getenv(confusionFile)
	if file == "" {
		t.Skip("make confusion runs it, and writes docs/confusion.md")
	}
	table := confusion{}
	only := strings.Split(cmp.Or(os.Getenv(confusionOnly), "*"), ",")
	for _, together := range batched(slices.DeleteFunc(provocations(t), func(p provocation) bool { return !measure.Glob(only, p.cause) }), 16) {
		for _, named := range provoke(t, together) {
			table.add(named)
		}
	}
	if err := os.WriteFile(file, []byte(table.markdown()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d right, %d wrong, %d missed: %.1f %%", table.right, len(table.confused), len(table.missed), table.share())
	if table.share() < diagonal {
		t.Errorf("%.1f %% on the diagonal, want %d", table.share(), diagonal)
	}
	for _, m := range table.missed {
		t.Errorf("%s breaks %s, and the cell says that it works", m.where(), m.technique.Name)
	}
	for _, m := range table.unjudged {
		t.Errorf("%s in front of %s: %s: %s", m.where(), m.technique.Name, m.verdict, m.got)
	}
}

// batched cuts a list into runs of cells that are measured together: those that
// need the same of the path, at most so many.
func batched(all []provocation, most int) [][]provocation {
	var out [][]provocation
	for _, p := range all {
		if n := len(out) - 1; n >= 0 && len(out[n]) < most && out[n][0].need == p.need {
			out[n] = append(out[n], p)
			continue
		}
		out = append(out, []provocation{p})
	}
	return out
}

// provoke measures the faults in front of every technique that goes with what
// they need.
func provoke(t *testing.T, together []provocation) []namedCell {
	t.Helper()
	need := together[0].need
	origin := need.origin(t)
	defer origin.Close()
	m := scenarios.Matrix{
		Techniques: measure.Techniques(), Clients: []scenarios.Receiver{need.receiver(t)},
		HTTP: []string{need.http}, TLS: need.tls, Checks: need.checks(),
	}
	by, among, parallel := strings.Split(cmp.Or(os.Getenv(confusionBy), "*"), ","), strings.Split(cmp.Or(need.by, "*"), ","), 60
	if need.by != "" {
		parallel = 1
	}
	m.Techniques = slices.DeleteFunc(m.Techniques, func(x measure.Technique) bool {
		return !x.Speaks(need.http) || !measure.Glob(by, x.Name) || !measure.Glob(among, x.Name)
	})
	behind := map[string]provocation{}
	for _, p := range together {
		proxy, err := proxies.Parse(p.spec, proxies.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		behind[proxy.Name()] = p
		m.Paths = append(m.Paths, scenarios.Path{Proxy: proxy, Mode: need.mode})
	}
	w, done := runDirectory(t, need)
	defer w.Close()
	sum, err := scenarios.Run(t.Context(), m, w, scenarios.Options{Origin: origin, TimeScale: 0.01, Parallel: parallel, Done: done})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d faults: %v", len(together), sum.Verdicts)
	run, err := measure.Read(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	var out []namedCell
	for _, c := range run.Cells {
		if _, asked := behind[c.Proxy]; !asked {
			continue // of another batch
		}
		technique, _ := measure.TechniqueByName(c.Technique)
		if !measure.Glob(by, c.Technique) || !measure.Glob(among, c.Technique) {
			continue
		}
		checks := run.ChecksOf(c.Cell)
		if c.Verdict == measure.Untested && len(checks) == 0 {
			continue // what shows it is not asked of this technique
		}
		n := namedCell{provocation: behind[c.Proxy], technique: technique, verdict: c.Verdict, named: c.Cause, got: c.Reason}
		n.explain(checks)
		out = append(out, n)
	}
	return out
}

// runDirectory is where cells that need the same are kept, and which of them an
// earlier test has measured that was stopped.
func runDirectory(t *testing.T, n need) (*measure.Writer, map[string]bool) {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv(confusionRuns), t.TempDir()), "confusion-"+n.key())
	if _, err := os.Stat(dir); err == nil {
		w, done, err := measure.Resume(dir)
		if err != nil {
			t.Fatal(err)
		}
		return w, done
	}
	w, err := measure.Create(dir)
	if err == nil {
		err = w.Append(measure.RunRecord{Type: measure.TypeRun, Schema: measure.Schema, ID: filepath.Base(dir), Started: time.Now(), TimeScale: 0.01})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w, nil
}

// receiver is the client that is needed.
func (n need) receiver(t *testing.T) scenarios.Receiver {
	t.Helper()
	name := cmp.Or(n.client, "go")
	client, ok := clients.ByName(name)
	if !ok {
		t.Fatalf("no client %s", name)
	}
	r := scenarios.Receiver{Name: name, Client: client}
	if name == twoConnections {
		r.AtOnce = 2 // its cells share the two
	}
	return r
}

// origin starts one that has what the path needs.
func (n need) origin(t *testing.T) scenarios.Origin {
	t.Helper()
	start := func() (scenarios.Origin, error) {
		return scenarios.InProcessWith(reference.Config{Delay: n.delay, Workers: n.workers})
	}
	if n.tls {
		start = func() (scenarios.Origin, error) { return scenarios.InProcessTLS(nil) }
	}
	origin, err := start()
	if err != nil {
		t.Fatal(err)
	}
	return origin
}
