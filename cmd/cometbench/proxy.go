package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// proxyOptions are the flags of `proxy`.
type proxyOptions struct {
	origin, listen, mode string
	seed                 int64
}

func proxyCommand() *cobra.Command {
	var o proxyOptions
	cmd := &cobra.Command{
		Use:   "proxy NAME",
		Short: "Run one proxy in front of an origin",
		Long: `Proxy runs one proxy, simulated or real, in front of an origin of yours until it
is interrupted. A forward proxy reaches only that origin.`,
		Example: "  cometbench proxy 'fault:buffer(until=close)' --origin http://127.0.0.1:8080 --listen 127.0.0.1:9090\n  cometbench proxy nginx-default --origin http://127.0.0.1:3000",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("want one proxy; cometbench list proxies shows the names")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runProxy(cmd.Context(), args[0], o, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.origin, "origin", "", "where the proxy leads, as http://127.0.0.1:8080 (must be given)")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	f.StringVar(&o.mode, "mode", "", "reverse, forward or tcp (default: reverse where it can)")
	f.Int64Var(&o.seed, "seed", 1, "seed of everything that is left to chance")
	return cmd
}

func runProxy(ctx context.Context, spec string, o proxyOptions, stdout io.Writer) error {
	if o.origin == "" {
		return usage("--origin must be given, as --origin http://127.0.0.1:8080")
	}
	origin, err := url.Parse(o.origin)
	if err != nil || origin.Scheme != "http" || origin.Host == "" {
		return usage("--origin %q: want http://host:port", o.origin)
	}
	p, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
	if err != nil {
		return usage("%w%s", err, proxyHint(spec))
	}
	if caps := p.Capabilities(); caps.Foreign || spec == "direct" {
		return usage("%s is no proxy that could be started; name a preset, fault:… or real:…", spec)
	}
	if err := p.Available(); err != nil {
		return usage("%w", err)
	}
	mode := proxies.Mode(o.mode)
	if mode != "" && !slices.Contains(p.Capabilities().Modes, mode) {
		return usage("--mode %s: %s does not run in it; leave --mode away", mode, spec)
	}
	in, err := p.Start(ctx, proxies.Env{Origin: origin, Mode: mode, Listen: o.listen, Seed: o.seed})
	if err != nil {
		return usage("%w", err)
	}
	if r := in.Route(); r.Proxy != nil {
		fmt.Fprintf(stdout, "%s: forward proxy on %s, leading to %s\n", spec, r.Proxy, origin)
	} else {
		fmt.Fprintf(stdout, "%s: on %s, leading to %s\n", spec, r.Base, origin)
	}
	<-ctx.Done()
	return in.Close()
}
