package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Each cause of the closed table is explained: what it means on the wire, a
// line that shows it, what to do.
func TestEveryCauseIsExplained(t *testing.T) {
	for _, c := range measure.Causes() {
		out, err := exec.Command(filepath.Join(binDir, "cometbench"), "explain", c.ID).CombinedOutput()
		text := strings.Join(strings.Fields(string(out)), " ") // as it is before it is broken into lines
		if err != nil {
			t.Errorf("explain %s: %v\n%s", c.ID, err, out)
			continue
		}
		for _, want := range []string{c.ID, strings.Join(strings.Fields(c.Means), " "), "On the wire", "For the application"} {
			if !strings.Contains(text, want) {
				t.Errorf("explain %s does not say %q:\n%s", c.ID, want, out)
			}
		}
	}
}

// causesNamed switches the test on that `make causes` runs.
const causesNamed = "COMETBENCH_CAUSES"

// Each cause that a proxy can bring about is named by a plain run through the
// fault that does, with advice.
func TestEveryCauseIsNamed(t *testing.T) {
	if os.Getenv(causesNamed) == "" {
		t.Skip("make causes runs it: it takes minutes")
	}
	// What the fault needs besides.
	further := map[string][]string{
		"buffered":        {"--check", "delivery/steady"}, // more messages would show more
		"h2-reset":        {"--http", "2"},
		"tls-intercepted": {"--tls", "--mode", "forward"},
		"corrupted":       {"--technique", "xhr-streaming"}, // what is written into a page a page does not show
		// Sessions of many requests, which the others are not.
		"session-affinity": {"--technique", "sockjs-xhr"},
	}
	type fault struct{ proxy, cause string }
	named := map[fault]bool{}
	provoked := map[string][]string{}
	for _, f := range proxies.Faults() {
		for _, p := range f.Provokes {
			if p.Spec == "blackhole(drop)" {
				continue // needs root
			}
			flags := further[p.Cause]
			if slices.Equal(f.Modes, []proxies.Mode{proxies.Forward}) && flags == nil {
				flags = []string{"--mode", "forward"}
			}
			key := strings.Join(flags, " ")
			provoked[key] = append(provoked[key], "fault:"+p.Spec)
			proxy, err := proxies.Parse("fault:"+p.Spec, proxies.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			named[fault{proxy.Name(), p.Cause}] = false
		}
	}
	for flags, specs := range provoked {
		out := t.TempDir()
		args := append([]string{"run", "--quiet", "--technique", "eventsource,forever-iframe,long-poll,websocket", "--out", out}, strings.Fields(flags)...)
		for _, spec := range specs {
			args = append(args, "--proxy", spec)
		}
		if text, err := exec.Command(filepath.Join(binDir, "cometbench"), args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, text)
		}
		run, err := measure.Read(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range run.Checks { // most of them are their cell's, too
			f := fault{c.Proxy, c.Cause}
			if _, wanted := named[f]; wanted && c.Advice != "" {
				named[f] = true
			}
		}
	}
	right := 0
	for f, was := range named {
		if !was {
			t.Errorf("no run names %s behind %s", f.cause, f.proxy)
			continue
		}
		right++
	}
	t.Logf("%d of %d faults with the cause that they provoke", right, len(named))
}
