package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/cometbench/cometbench/scenarios/compare"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

// selection is what a run measures, how, and what it is held against: the
// flags and the suite that a resumed run takes over from the run it finishes.
type selection struct {
	Techniques []string                  `json:"techniques,omitempty"`
	Proxies    []string                  `json:"proxies,omitempty"`
	Clients    []string                  `json:"clients,omitempty"`
	Checks     []string                  `json:"checks,omitempty"`
	Claims     []string                  `json:"claims,omitempty"`
	Modes      []string                  `json:"modes,omitempty"`
	HTTP       []string                  `json:"http,omitempty"`
	Variants   []string                  `json:"variants,omitempty"`
	App        string                    `json:"app,omitempty"`
	Vias       []string                  `json:"vias,omitempty"`
	Hidden     []string                  `json:"hidden,omitempty"` // the flags above whose values are not whole here, for the secrets in them
	TLS        bool                      `json:"tls,omitempty"`
	TimeScale  float64                   `json:"time_scale"`
	MaxWait    time.Duration             `json:"max_wait_ns"`
	Seed       int64                     `json:"seed"`
	Repeat     int                       `json:"repeat,omitempty"`
	Shard      string                    `json:"shard,omitempty"`
	Prove      bool                      `json:"prove,omitempty"`
	FailOn     string                    `json:"fail_on,omitempty"`
	Baseline   string                    `json:"baseline,omitempty"`
	Latency    measure.LatencyThresholds `json:"latency"`
	Suite      *suiteText                `json:"suite,omitempty"`
	Given      []string                  `json:"given,omitempty"` // names of the flags that were given
}

// selectionFlags are those of its flags that cannot be given anew when a run is
// resumed. The gates can.
var selectionFlags = []string{"suite", "app", "via", "technique", "proxy", "client", "check", "claim", "mode", "http", "variant", "tls", "time-scale", "max-wait", "seed", "repeat", "shard", "prove"}

// gateFlags are those that can.
var gateFlags = []string{"fail-on", "baseline", "latency-percent", "latency-least", "alpha"}

func (o *runOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.suite, "suite", "", "what to measure and what to expect: a file, or one of "+strings.Join(suiteNames(), ", "))
	f.StringArrayVar(&o.Techniques, "technique", nil, "techniques, by name or glob (repeatable, or a comma list; default: the eight of the default matrix)")
	f.StringArrayVar(&o.Proxies, "proxy", nil, "proxies: direct, transparent, a preset, FILE.yaml, fault:…, real:…, forward:URL, reverse:URL, A+B (repeatable, or a comma list)")
	f.StringArrayVar(&o.Clients, "client", nil, "clients: go, chromium, firefox, webkit, model:… (repeatable, or a comma list; default: go when --proxy is given)")
	f.StringArrayVar(&o.Checks, "check", nil, "checks, by id or glob, as delivery/* (default: the quick ones, and with --proxy the thorough ones)")
	f.StringArrayVar(&o.Claims, "claim", nil, "test what is said of comet, by name or glob, and measure nothing else (cometbench list claims)")
	f.StringArrayVar(&o.Modes, "mode", nil, "how clients reach simulated proxies: reverse, forward (default reverse)")
	f.StringSliceVar(&o.HTTP, "http", []string{"1.1"}, "HTTP versions between client and proxy: 1.0, 1.1, 2, 3 (3 with --tls and over the direct path only)")
	f.BoolVar(&o.TLS, "tls", false, "TLS from the client on, with certificates made for this run")
	f.StringSliceVar(&o.Variants, "variant", nil, "variants of techniques: post, mixed, binary, prelude4096 (cometbench list techniques --json says which has which)")
	f.StringVar(&o.App, "app", "", "a file that describes your own endpoint, or its URL: measured instead of the reference server")
	f.StringArrayVar(&o.Vias, "via", nil, "NAME=URL of a path that leads to your endpoint already (repeatable, from the application outward)")
	f.StringVar(&o.out, "out", "", "run directory (default cometbench-out/<run id>)")
	f.StringVar(&o.resume, "resume", "", "finish the interrupted run in this directory")
	f.StringVar(&o.origin, "origin", "", "URL of a cometbench serve that runs elsewhere, to be the origin")
	f.StringVar(&o.token, "origin-token", "", "the token that this server printed")
	f.StringVar(&o.listen, "origin-listen", "", "start our origin at this host:port, where a proxy already points")
	f.IntVar(&o.parallel, "parallel", 36, "exchanges at once (an application: 4)")
	f.Float64Var(&o.TimeScale, "time-scale", 0.01, "scale of policy time (idle limits, holds, heartbeats) on simulated paths, above 0 and at most 1")
	f.DurationVar(&o.MaxWait, "max-wait", 5*time.Second, "how long a silence is waited out on paths that are never scaled")
	f.IntVar(&o.Repeat, "repeat", 1, "how often each cell is measured; 5 and more let latencies be compared")
	f.StringVar(&o.Shard, "shard", "", "i/n: measure the i-th of n parts of the matrix; cometbench report DIR… merges them")
	f.BoolVar(&o.Prove, "prove", false, "apply what is advised to copies of the real programs' configurations and measure again: before and after in the report")
	f.StringVar(&o.FailOn, "fail-on", "", "exit 1 when a cell is degraded or broken: degraded, broken")
	f.StringVar(&o.Baseline, "baseline", "", "a results.jsonl or run directory: exit 1 when a cell is worse than there")
	latencyFlags(f, &o.Latency)
	f.BoolVar(&o.dryRun, "dry-run", false, "list the cells and stop")
	f.BoolVar(&o.quiet, "quiet", false, "no progress")
	f.BoolVar(&o.jsonOutput, "json", false, "print the result lines to stdout instead of the table")
	f.Int64Var(&o.Seed, "seed", 1, "seed of everything that is left to chance")
}

// latencyFlags say which difference of latencies counts; `compare` has them,
// too.
func latencyFlags(f *pflag.FlagSet, t *measure.LatencyThresholds) {
	f.Float64Var(&t.Percent, "latency-percent", compare.Usual.Percent, "a median latency is worse when it grew by more than this, and more than --latency-least")
	f.DurationVar(&t.Least, "latency-least", compare.Usual.Least, "see --latency-percent")
	f.Float64Var(&t.Alpha, "alpha", compare.Usual.Alpha, "level at which a difference of latencies counts as more than chance (Mann-Whitney U, two-sided)")
}

// checkLatency refuses thresholds that make no sense.
func checkLatency(t measure.LatencyThresholds) error {
	switch {
	case !(t.Percent > 0 && t.Percent <= 1000):
		return usage("--latency-percent %g: want a number above 0 and at most 1000", t.Percent)
	case t.Least <= 0:
		return usage("--latency-least %s: want a duration above 0, as 5ms", t.Least)
	case !(t.Alpha > 0 && t.Alpha <= .5):
		return usage("--alpha %g: want a number above 0 and at most 0.5, as 0.05", t.Alpha)
	}
	return nil
}

// check refuses flags that make no sense by themselves.
func (o runOptions) check() error {
	switch {
	case !(o.TimeScale >= suite.LeastTimeScale && o.TimeScale <= 1): // not a number is neither
		return usage("--time-scale %g: want a number above 0 (at least %g) and at most 1, as 0.01", o.TimeScale, suite.LeastTimeScale)
	case o.MaxWait <= 0:
		return usage("--max-wait %s: want a duration above 0, as 5s", o.MaxWait)
	case o.parallel < 1 || o.parallel > suite.MostParallel:
		return usage("--parallel %d: want a number from 1 to %d", o.parallel, suite.MostParallel)
	case o.Repeat < 1 || o.Repeat > suite.MostRepeat:
		return usage("--repeat %d: want a number from 1 to %d", o.Repeat, suite.MostRepeat)
	case o.FailOn != "" && o.FailOn != "degraded" && o.FailOn != "broken":
		return usage("--fail-on %q: want degraded or broken", o.FailOn)
	case o.origin != "" && o.listen != "":
		return usage("--origin and --origin-listen exclude each other: one is an origin elsewhere, the other starts ours")
	case o.token != "" && o.origin == "":
		return usage("--origin-token goes with --origin URL")
	case o.resume != "" && o.out != "":
		return usage("--resume DIR writes to that directory; leave --out away")
	}
	if o.Shard != "" {
		if _, err := measure.ParseShard(o.Shard); err != nil {
			return usage("--%w", err)
		}
	}
	return checkLatency(o.Latency)
}

// checkTogether refuses what flags and suite do not make together.
func (o runOptions) checkTogether() error {
	if err := o.checkClaims(); err != nil {
		return err
	}
	switch {
	case slices.Contains(o.HTTP, "3") && !o.TLS:
		return usage("--http 3 needs --tls: there is no HTTP/3 without it")
	case o.Suite != nil && o.ownApplication():
		return usage("--suite goes with the reference server; an application is described by its own file (--app)")
	case o.Shard != "" && len(o.Vias) > 0:
		return usage("--shard does not go with --via: each path is held against the one before it")
	}
	return nil
}
