package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// selection is what a run measures and how: the flags that a resumed run takes
// over from the run it finishes.
type selection struct {
	Techniques []string      `json:"techniques,omitempty"`
	Proxies    []string      `json:"proxies,omitempty"`
	Clients    []string      `json:"clients,omitempty"`
	Checks     []string      `json:"checks,omitempty"`
	Modes      []string      `json:"modes,omitempty"`
	HTTP       []string      `json:"http,omitempty"`
	Variants   []string      `json:"variants,omitempty"`
	App        string        `json:"app,omitempty"`
	Vias       []string      `json:"vias,omitempty"`
	TLS        bool          `json:"tls,omitempty"`
	TimeScale  float64       `json:"time_scale"`
	MaxWait    time.Duration `json:"max_wait_ns"`
	Seed       int64         `json:"seed"`
}

// selectionFlags are the flags behind it.
var selectionFlags = []string{"app", "via", "technique", "proxy", "client", "check", "mode", "http", "variant", "tls", "time-scale", "max-wait", "seed"}

// runOptions are the flags of `run`.
type runOptions struct {
	selection
	out, resume               string
	origin, token, listen     string
	parallel                  int
	failOn                    string
	dryRun, quiet, jsonOutput bool
}

func runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the matrix, write a run directory",
		Long: `Run sends messages by each technique through each proxy to each client, judges
what arrived when, and writes a run directory: results.jsonl as cells end, then
report.html, summary.md and junit.xml.

Without --technique, --proxy and --client it measures the default matrix: eight
techniques through simulated proxies and, where they are installed, nginx and
haproxy in stock and streaming configuration, by the Go client and, on four of
the paths and for opening, first, steady and burst delivery, by headless
Chromium. What is missing here is skipped and named.`,
		Example: `  cometbench run
  cometbench run --technique eventsource,websocket --proxy real:nginx --proxy real:nginx/streaming
  cometbench run --technique eventsource --proxy 'fault:buffer(until=close)' --client go,chromium
  cometbench run --proxy 'real:nginx@nginx.conf' --fail-on broken
  cometbench run --app app.yaml --proxy direct,nginx-default,real:nginx
  cometbench run --app app.yaml --via direct=http://10.0.0.5:8080 --via cdn=https://www.example/chat/stream`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.resume != "" {
				for _, name := range selectionFlags {
					if cmd.Flags().Changed(name) {
						return usage("--resume takes the selection from the run it finishes; leave --%s away", name)
					}
				}
			}
			if o.ownApplication() && !cmd.Flags().Changed("parallel") {
				o.parallel = appParallel
			}
			return runMatrix(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Techniques, "technique", nil, "techniques, by name or glob (repeatable, or a comma list; default: the eight of the default matrix)")
	f.StringArrayVar(&o.Proxies, "proxy", nil, "proxies: direct, transparent, a preset, FILE.yaml, fault:…, real:…, forward:URL, reverse:URL, A+B (repeatable, or a comma list)")
	f.StringArrayVar(&o.Clients, "client", nil, "clients: go, chromium, firefox, webkit, model:… (repeatable, or a comma list; default: go when --proxy is given)")
	f.StringArrayVar(&o.Checks, "check", nil, "checks, by id or glob, as delivery/* (default: all)")
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
	f.StringVar(&o.failOn, "fail-on", "", "exit 1 when a cell is degraded or broken: degraded, broken")
	f.BoolVar(&o.dryRun, "dry-run", false, "list the cells and stop")
	f.BoolVar(&o.quiet, "quiet", false, "no progress")
	f.BoolVar(&o.jsonOutput, "json", false, "print the result lines to stdout instead of the table")
	f.Int64Var(&o.Seed, "seed", 1, "seed of everything that is left to chance")
	return cmd
}

func runMatrix(ctx context.Context, o runOptions, stdout, stderr io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.resume != "" {
		if err := o.takeOver(); err != nil {
			return err
		}
	}
	if err := o.checkApp(); err != nil {
		return err
	}
	var own *scenarios.Application
	var m scenarios.Matrix
	closeClients := func() {}
	var err error
	if o.ownApplication() {
		if own, err = o.application(); err != nil {
			return err
		}
		m, err = o.appMatrix(own)
	} else {
		m, closeClients, err = o.matrix(ctx)
	}
	if err != nil {
		return err
	}
	defer closeClients()
	if len(m.Labels()) == 0 {
		return usage("there is nothing to measure in this combination of flags")
	}
	if o.dryRun {
		for _, l := range m.Labels() {
			fmt.Fprintln(stdout, l)
		}
		return nil
	}
	var origin scenarios.Origin = own
	if own == nil {
		if origin, err = o.start(ctx); err != nil {
			return err
		}
		if o.origin != "" && !o.quiet {
			k := origin.Clock()
			fmt.Fprintf(stderr, "two clocks: add %.3f ms to the origin's to get ours, right to within %.3f ms\n", float64(k.OffsetUS)/1000, float64(k.BoundUS)/1000)
		}
	}
	defer origin.Close()
	if err := scenarios.Preflight(ctx, m, origin); err != nil {
		return usage("%w", err)
	}
	if own != nil {
		if err := preflightApp(ctx, own, m); err != nil {
			return err
		}
	}
	id := runID(time.Now())
	w, done, err := o.directory(id)
	if err != nil {
		return err
	}
	defer w.Close()

	bar := newProgress(stderr, o.quiet)
	run, err := o.record(ctx, id, origin, len(m.Labels()))
	if err != nil {
		return err
	}
	if o.resume == "" {
		if err := w.Append(run); err != nil {
			return err
		}
	}
	out := stdout
	opt := scenarios.Options{
		Origin: origin, TimeScale: o.TimeScale, MaxWait: o.MaxWait, Parallel: o.parallel, Seed: o.Seed,
		Done: done, Progress: bar.show,
	}
	if o.jsonOutput {
		enc := json.NewEncoder(out)
		if err := enc.Encode(run); err != nil {
			return err
		}
		opt.Ended = func(cell measure.CellRecord, checks []measure.CheckRecord) {
			for _, c := range checks {
				enc.Encode(c)
			}
			enc.Encode(cell)
		}
	}
	_, err = scenarios.Run(ctx, m, w, opt)
	bar.finish()
	interrupted := errors.Is(err, context.Canceled) && ctx.Err() != nil
	if err != nil && !interrupted {
		return &exitError{exitHarness, err}
	}
	end, err := finishRun(w, !interrupted)
	if err != nil {
		return &exitError{exitHarness, err}
	}
	if o.jsonOutput {
		json.NewEncoder(out).Encode(end)
	} else if err := printRun(out, w.Dir()); err != nil {
		return err
	}
	if interrupted {
		return &exitError{exitInterrupted, fmt.Errorf("interrupted after %d of %d cells; cometbench run --resume %s finishes it", end.Cells, len(m.Labels()), w.Dir())}
	}
	if own != nil && !o.quiet {
		fmt.Fprintf(stderr, "%d requests were asked of %s\n", own.Budget().Used(), own.Spec.Name())
	}
	return o.verdict(end, w.Dir())
}

// leastScale makes a second of a limit a millisecond of waiting; below it,
// limits are shorter than what the machine itself takes.
const leastScale = 0.001

// check refuses flags that make no sense together or at all.
func (o runOptions) check() error {
	switch {
	case !(o.TimeScale >= leastScale && o.TimeScale <= 1): // not a number is neither
		return usage("--time-scale %g: want a number above 0 (at least %g) and at most 1, as 0.01", o.TimeScale, leastScale)
	case o.MaxWait <= 0:
		return usage("--max-wait %s: want a duration above 0, as 5s", o.MaxWait)
	case o.parallel < 1 || o.parallel > 512:
		return usage("--parallel %d: want a number from 1 to 512", o.parallel)
	case slices.Contains(o.HTTP, "3") && !o.TLS:
		return usage("--http 3 needs --tls: there is no HTTP/3 without it")
	case o.failOn != "" && o.failOn != "degraded" && o.failOn != "broken":
		return usage("--fail-on %q: want degraded or broken", o.failOn)
	case o.origin != "" && o.listen != "":
		return usage("--origin and --origin-listen exclude each other: one is an origin elsewhere, the other starts ours")
	case o.token != "" && o.origin == "":
		return usage("--origin-token goes with --origin URL")
	case o.resume != "" && o.out != "":
		return usage("--resume DIR writes to that directory; leave --out away")
	}
	return nil
}

// start starts the origin, or connects to one that runs elsewhere.
func (o runOptions) start(ctx context.Context) (scenarios.Origin, error) {
	if o.origin != "" {
		origin, err := scenarios.Remote(ctx, o.origin, o.token)
		if err != nil {
			return nil, usage("%w; start one with cometbench serve and give its address and token", err)
		}
		return origin, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	listen := "127.0.0.1:0"
	if o.listen != "" {
		listen = o.listen
		if err := canListen(ctx, o.listen); err != nil {
			return nil, err
		}
	}
	args := []string{"--listen", listen}
	if o.TLS {
		args = append(args, "--tls")
	}
	if slices.Contains(o.HTTP, "3") {
		args = append(args, "--http", "1.0,1.1,2,3")
	}
	origin, err := scenarios.Child(ctx, self, args...)
	if err != nil {
		return nil, usage("%w", err)
	}
	return origin, nil
}

// canListen tries an address that the origin is to have.
func canListen(ctx context.Context, addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return usage("--origin-listen %q: want host:port, as 127.0.0.1:9000", addr)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return usage("--origin-listen %s: %w; stop what listens there, or point the proxy elsewhere", addr, err)
	}
	return ln.Close()
}

// finishRun appends the end line and renders the reports.
func finishRun(w *measure.Writer, complete bool) (measure.EndRecord, error) {
	run, err := measure.Read(w.Dir())
	if err != nil {
		return measure.EndRecord{}, err
	}
	end := measure.EndRecord{Type: measure.TypeEnd, Finished: time.Now(), Cells: len(run.Cells), Verdicts: map[measure.Verdict]int{}, Complete: complete}
	for _, c := range run.Cells {
		end.Verdicts[c.Verdict]++
	}
	if err := w.Append(end); err != nil {
		return end, err
	}
	return end, reports.WriteAll(w.Dir())
}

// printRun prints the table and where the report is.
func printRun(out io.Writer, dir string) error {
	run, err := measure.Read(dir)
	if err != nil {
		return err
	}
	table := reports.TextOptions{Width: terminalWidth(out)}
	if err := table.Write(out, []*measure.Run{run}); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nreport: %s\n", filepath.Join(dir, "report.html"))
	return nil
}

// verdict turns the end of a complete run into an exit code.
func (o runOptions) verdict(end measure.EndRecord, dir string) error {
	if n := end.Verdicts[measure.HarnessFailed] + end.Verdicts[measure.SetupFailed]; n > 0 {
		return &exitError{exitHarness, fmt.Errorf("%d cells say nothing about their path (harness_failed or setup_failed); the report names why", n)}
	}
	bad := end.Verdicts[measure.Broken]
	if o.failOn == "degraded" {
		bad += end.Verdicts[measure.Degraded]
	}
	if o.failOn != "" && bad > 0 {
		return &exitError{exitGate, fmt.Errorf("gate --fail-on %s: %d cells%s", o.failOn, bad, worstCells(dir, o.failOn))}
	}
	return nil
}
