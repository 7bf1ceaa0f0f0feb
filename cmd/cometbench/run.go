package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// runOptions are the flags of `run`.
type runOptions struct {
	selection
	suite                     string
	out, resume               string
	origin, token, listen     string
	parallel                  int
	dryRun, quiet, jsonOutput bool
	limits                    measure.Thresholds // of the suite
}

func runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the matrix, write a run directory",
		Long: `Run sends messages by each technique through each proxy to each client, judges
what arrived when, and writes a run directory: results.jsonl as cells end, then
report.html, summary.md and junit.xml.

Without --suite, --technique, --proxy and --client it measures the suite
default: eight techniques through simulated proxies and, where they are
installed, nginx and haproxy in stock and streaming configuration, by the Go
client and, on four of the paths and for opening, first, steady and burst
delivery, by headless Chromium. What is missing here is skipped and named.

A suite (cometbench init writes one) says what to measure, how, and what to
expect. Flags that are given besides go before it.

With --app it asks your own endpoint instead: as often as the file's budget
allows, by the Go client, over HTTP/1.0 and 1.1. What your application sends is
read along next to it, and what arrives behind the proxy is held against that.
With --via nothing stands next to it: the same request goes along several paths
that exist, and they are compared with the first. The file may say:

    url: https://app.example/chat/stream
    method: POST                       # headers, cookies, body, client_certificate
    headers: {Authorization: "Bearer ${TOKEN}"}    # and ca as needed; ${NAME} is
    body: {prompt: "count to fifty", stream: true} # taken from the environment
    framing: sse                       # sse, ndjson, lines, websocket, raw; default: by type
    sequence: /n                       # JSON pointers: a number that counts up,
    sent: /t                           # a send time
    end: "[DONE]"                      # what ends a stream well
    expect: {messages: 50, first_within: 2s, gap_within: 1s}
    duration: 15s                      # an answer is listened to at most so long
    budget: {requests: 20}             # never exceeded`,
		Example: `  cometbench run
  cometbench run --technique eventsource,websocket --proxy real:nginx --proxy real:nginx/streaming
  cometbench run --technique eventsource --proxy 'fault:buffer(until=close)' --client go,chromium
  cometbench run --proxy 'real:nginx@nginx.conf' --fail-on broken
  cometbench run --suite ci
  cometbench run --suite streaming.yaml --repeat 5 --baseline baseline.jsonl
  cometbench run --suite full --shard 2/3 --out shard-2
  cometbench run --app app.yaml --proxy direct,nginx-default,real:nginx
  cometbench run --app http://127.0.0.1:3000/events --proxy direct,nginx-default
  cometbench run --app app.yaml --proxy real:nginx@nginx.conf --fail-on broken
  cometbench run --app app.yaml --via direct=http://10.0.0.5:8080 --via cdn=https://www.example/chat/stream`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.Flags().Visit(func(f *pflag.Flag) { o.Given = append(o.Given, f.Name) })
			if o.resume != "" {
				for _, name := range selectionFlags {
					if o.gave(name) {
						return usage("--resume takes the selection from the run it finishes; leave --%s away", name)
					}
				}
			}
			return runMatrix(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.addFlags(cmd.Flags())
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
	suite, err := o.readSuite()
	if err != nil {
		return err
	}
	o.follow(suite)
	if o.ownApplication() && !o.gave("parallel") {
		o.parallel = appParallel
	}
	if err := o.checkTogether(); err != nil {
		return err
	}
	if err := o.checkApp(); err != nil {
		return err
	}
	var own *scenarios.Application
	var m scenarios.Matrix
	closeClients := func() {}
	if o.ownApplication() {
		if own, err = o.application(); err != nil {
			return err
		}
		m, err = o.appMatrix(own)
	} else if !o.claimsOnly() {
		m, closeClients, err = o.matrix(ctx, suite)
	}
	if err != nil {
		return err
	}
	defer closeClients()
	claimed, err := o.claims(suite)
	if err != nil {
		return err
	}
	if len(m.Labels()) == 0 && len(claimed) == 0 {
		return usage("there is nothing to measure in this combination of flags")
	}
	if suite != nil && !o.narrowed() && !o.claimsOnly() {
		if err := checkExpectations(suite, m); err != nil {
			return err
		}
	}
	m, shard, err := o.shard(m)
	if err != nil {
		return err
	}
	gates, err := o.gates(suite, m)
	if err != nil {
		return err
	}
	if o.dryRun {
		for _, l := range m.Labels() {
			fmt.Fprintln(stdout, l)
		}
		for _, c := range claimed {
			fmt.Fprintf(stdout, "claim %s\n", c.Name)
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
	id := runID(time.Now())
	if own != nil {
		if err := o.canWrite(id); err != nil {
			return err
		}
		if err := preflightApp(ctx, own, m); err != nil {
			return err
		}
	}
	w, done, err := o.directory(id)
	if err != nil {
		return err
	}
	defer w.Close()

	bar := newProgress(stderr, o.quiet)
	run, err := o.record(ctx, id, origin, len(m.Labels()), shard)
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
		Repeat: o.Repeat, Limits: o.limits, Done: done, Progress: bar.show,
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
	if err == nil {
		err = gates.confirm(ctx, m, w, opt, bar)
	}
	if err == nil {
		err = o.test(ctx, claimed, w, bar, out)
	}
	if err == nil && o.Prove {
		err = o.prove(ctx, m, w, opt, bar)
	}
	bar.finish()
	interrupted := errors.Is(err, context.Canceled) && ctx.Err() != nil
	if err != nil && !interrupted {
		return &exitError{exitHarness, err}
	}
	end, err := finishRun(w, !interrupted, gates)
	if err != nil {
		return &exitError{exitHarness, err}
	}
	if o.jsonOutput {
		json.NewEncoder(out).Encode(end)
	} else if err := printRun(out, w.Dir()); err != nil {
		return err
	}
	if interrupted {
		return &exitError{exitInterrupted, fmt.Errorf("interrupted after %d of %d cells%s; cometbench run --resume %s finishes it", end.Cells, len(m.Labels()), claimsSoFar(w.Dir(), len(claimed)), w.Dir())}
	}
	if own != nil && !o.quiet {
		fmt.Fprintf(stderr, "%d requests were asked of %s\n", own.Budget().Used(), own.Spec.Name())
	}
	outcome := outcomeOf(end)
	if len(claimed) == 0 {
		return outcome
	}
	whole, err := measure.Read(w.Dir())
	if err != nil {
		return &exitError{exitHarness, err}
	}
	return unmeasured(whole, outcome)
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
