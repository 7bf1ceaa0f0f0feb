package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/load"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// loadOptions are the flags of `load`.
type loadOptions struct {
	technique, proxy, out       string
	subscribers, channels, size int
	rate                        float64
	duration, interval          time.Duration
	quiet, jsonOutput           bool
}

func loadCommand() *cobra.Command {
	var o loadOptions
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Hold N subscribers at a given publish rate",
		Long: `Load holds N subscribers, publishes at a given rate, and reports delivery and
request percentiles, connections, loss, memory and processor time. The origin
runs in a process of its own. Techniques: ` + strings.Join(load.Techniques(), ", ") + `
(vegeta drives them; it cannot time a stream, so streams are not offered yet).`,
		Example: "  cometbench load --technique long-poll --subscribers 500 --rate 5 --duration 10s",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runLoad(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.technique, "technique", "long-poll", "one of "+strings.Join(load.Techniques(), ", "))
	f.StringVar(&o.proxy, "proxy", "direct", "the proxy between them, in reverse mode")
	f.IntVar(&o.subscribers, "subscribers", 100, "subscribers to hold")
	f.IntVar(&o.channels, "channels", 1, "channels they are spread over")
	f.Float64Var(&o.rate, "rate", 1, "messages a second, over all channels")
	f.IntVar(&o.size, "size", 100, "bytes of a message's body")
	f.DurationVar(&o.duration, "duration", 10*time.Second, "how long to publish")
	f.DurationVar(&o.interval, "interval", time.Second, "pause between two answers of a short poll")
	f.StringVar(&o.out, "out", "", "also write a run directory")
	f.BoolVar(&o.quiet, "quiet", false, "no progress")
	f.BoolVar(&o.jsonOutput, "json", false, "print the result line as JSON")
	return cmd
}

func runLoad(ctx context.Context, o loadOptions, stdout, stderr io.Writer) error {
	tech, ok := measure.TechniqueByName(o.technique)
	if !ok {
		return unknownName("technique", o.technique, load.Techniques())
	}
	p, err := proxies.Parse(o.proxy, proxies.ParseOptions{Real: real.Parse})
	if err != nil {
		return usage("%w", err)
	}
	if p.Capabilities().Foreign {
		return usage("--proxy %s: load starts its own origin, which a proxy that runs already does not know", o.proxy)
	}
	if err := p.Available(); err != nil {
		return usage("%w", err)
	}
	lo := load.Options{
		Technique: tech, Proxy: o.proxy, Subscribers: o.subscribers, Channels: o.channels,
		Rate: o.rate, Size: o.size, Duration: o.duration, Interval: o.interval,
	}
	if err := lo.Check(); err != nil {
		return usage("%w", err)
	}
	var w *measure.Writer
	if o.out != "" {
		if w, err = measure.Create(o.out); errors.Is(err, measure.ErrExists) {
			return usage("--out %s: it holds the results of another run; name a new directory", o.out)
		} else if err != nil {
			return err
		}
		defer w.Close()
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	origin, err := scenarios.Child(ctx, self, "--listen", "127.0.0.1:0", "--no-record")
	if err != nil {
		return usage("%w", err)
	}
	defer origin.Close()
	in, err := p.Start(ctx, proxies.Env{Origin: origin.URL(), Mode: proxies.Reverse})
	if err != nil {
		return usage("%w", err)
	}
	defer in.Close()
	lo.Origin, lo.Base = origin, in.Route().Base
	if lo.Base == nil {
		return usage("--proxy %s: load runs through reverse proxies only", o.proxy)
	}
	if !o.quiet {
		last := time.Now()
		lo.Progress = func(elapsed time.Duration, delivered int64) {
			if time.Since(last) >= lineEvery {
				last = time.Now()
				fmt.Fprintf(stderr, "%s of %s, %d messages delivered\n", elapsed.Round(time.Second), o.duration, delivered)
			}
		}
	}
	started := time.Now()
	rec, err := load.Run(ctx, lo)
	if err != nil && ctx.Err() == nil {
		return &exitError{exitHarness, err}
	}
	if err == nil && w != nil {
		if err := writeLoad(w, rec, started); err != nil {
			return err
		}
	}
	if err := printLoad(stdout, rec, o.jsonOutput); err != nil {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return &exitError{exitInterrupted, errors.New("interrupted; the figures cover what was done")}
	}
	return err
}

// writeLoad writes a run directory of one load line.
func writeLoad(w *measure.Writer, rec measure.LoadRecord, started time.Time) error {
	v, commit := buildInfo()
	return w.Append(
		measure.RunRecord{Type: measure.TypeRun, Schema: measure.Schema, ID: runID(started), Started: started,
			Command: append([]string{"cometbench"}, os.Args[1:]...), Tool: measure.Tool{Version: v, Commit: commit}, Host: scenarios.ThisHost(), TimeScale: 1},
		rec,
		measure.EndRecord{Type: measure.TypeEnd, Finished: time.Now(), Verdicts: map[measure.Verdict]int{}, Complete: true})
}

func printLoad(w io.Writer, rec measure.LoadRecord, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(rec)
	}
	v := rec.Values
	tab := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(tab, "%s via %s\t%d subscribers\n", rec.Technique, rec.Proxy, rec.Subscribers)
	fmt.Fprintf(tab, "delivery\tp50 %s, p99 %s, max %s\n", inMS(v, "delivery_p50_ms"), inMS(v, "delivery_p99_ms"), inMS(v, "delivery_max_ms"))
	fmt.Fprintf(tab, "spread\tp50 %s between first and last subscriber\n", inMS(v, "spread_p50_ms"))
	fmt.Fprintf(tab, "requests\t%.0f, %.1f a second, %.2f per message, %.0f failed\n", v["requests"], v["requests_per_s"], v["requests_per_message"], v["requests_failed"])
	fmt.Fprintf(tab, "connections\t%.0f opened, %.0f open at the end\n", v["connections"], v["connections_open"])
	fmt.Fprintf(tab, "messages\t%.0f published, %.0f of %.0f delivered, %.0f lost, %.0f doubled, %.0f out of order\n",
		v["published"], v["received"], v["expected"], v["lost"], v["duplicated"], v["reordered"])
	fmt.Fprintf(tab, "server\t%.1f MB, %.2f s of processor\n", v["server_rss_bytes"]/1e6, v["server_cpu_s"])
	fmt.Fprintf(tab, "generator\t%.1f MB, %.2f s of processor\n", v["generator_rss_bytes"]/1e6, v["generator_cpu_s"])
	fmt.Fprintf(tab, "limited by\t%s\n", rec.LimitedBy)
	return tab.Flush()
}

// inMS writes a value in milliseconds; what too few samples cannot carry is a
// dash.
func inMS(v map[string]float64, name string) string {
	ms, ok := v[name]
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", ms)
}
