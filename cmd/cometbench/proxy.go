package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// proxyOptions are the flags of `proxy`.
type proxyOptions struct {
	origins                []string
	originCA, caOut        string
	listen, mode           string
	allow                  []string
	tls, fromOtherMachines bool
	seed                   int64
}

func proxyCommand() *cobra.Command {
	var o proxyOptions
	cmd := &cobra.Command{
		Use:   "proxy NAME",
		Short: "Run one proxy in front of an origin",
		Long: `Proxy runs one proxy, simulated or real, in front of an origin of yours until it
is interrupted. An https origin is checked against the authorities of the system
and those of --origin-ca.

A forward proxy reaches that origin and what --allow names, nothing else, and
clients on this machine only: beyond loopback it listens when
--from-other-machines says so.`,
		Example: "  cometbench proxy 'fault:buffer(until=close)' --origin http://127.0.0.1:8080 --listen 127.0.0.1:9090\n  cometbench proxy nginx-default --origin https://app.example --tls\n  cometbench proxy 'fault:connect(inspect)' --origin https://app.example --ca-out ca.pem",
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
	f.StringArrayVar(&o.origins, "origin", nil, "where the proxy leads, as http://127.0.0.1:8080 or https://app.example (must be given; more of them for a fault that balances)")
	f.StringVar(&o.originCA, "origin-ca", "", "PEM file of authorities to trust for an https origin besides the system's")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	f.StringVar(&o.mode, "mode", "", "reverse, forward or tcp (default: reverse where it can)")
	f.BoolVar(&o.tls, "tls", false, "speak HTTPS to clients of a reverse proxy, with a certificate made for this run")
	f.StringVar(&o.caOut, "ca-out", "", "file to write the authority to that clients must trust: of --tls, or of a proxy that inspects TLS")
	f.StringArrayVar(&o.allow, "allow", nil, "HOST:PORT that clients of a forward proxy may reach besides the origin")
	f.BoolVar(&o.fromOtherMachines, "from-other-machines", false, "let a forward proxy listen beyond loopback")
	f.Int64Var(&o.seed, "seed", 1, "seed of everything that is left to chance")
	return cmd
}

func runProxy(ctx context.Context, spec string, o proxyOptions, stdout io.Writer) error {
	if len(o.origins) == 0 {
		return usage("--origin must be given, as --origin http://127.0.0.1:8080")
	}
	p, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
	if err != nil {
		return usage("%w%s", err, proxyHint(spec))
	}
	caps := p.Capabilities()
	if caps.Foreign || spec == "direct" {
		return usage("%s is no proxy that could be started; name a preset, fault:… or real:…", spec)
	}
	if err := p.Available(); err != nil {
		return usage("%w", err)
	}
	if o.mode == "" && len(caps.Modes) > 0 {
		o.mode = string(caps.Modes[0])
	}
	if !slices.Contains(caps.Modes, proxies.Mode(o.mode)) {
		return usage("--mode %s: %s does not run in it; leave --mode away", o.mode, spec)
	}
	if o.tls && !caps.TLS {
		return usage("--tls: %s brings its own; give it a certificate in its configuration", spec)
	}
	env, err := o.env(ctx)
	if err != nil {
		return err
	}
	front, err := o.front()
	if err != nil {
		return err
	}
	if front != nil {
		env.Front = &front.Certificate
	}
	in, err := p.Start(ctx, env)
	if err != nil {
		return usage("%w", err)
	}
	route := in.Route()
	roots := route.RootsPEM
	if front != nil {
		roots = slices.Concat(roots, front.RootsPEM)
	}
	if err := o.writeCA(roots); err != nil {
		_ = in.Close() // nothing has gone through it
		return err
	}
	var leads []string
	for _, origin := range o.origins {
		leads = append(leads, strings.TrimSuffix(origin, "/"))
	}
	to := strings.Join(leads, " and ")
	if route.Proxy != nil {
		fmt.Fprintf(stdout, "%s: forward proxy on %s, leading to %s\n", spec, route.Proxy, strings.Join(append([]string{to}, o.allow...), ", "))
	} else {
		fmt.Fprintf(stdout, "%s: on %s, leading to %s\n", spec, route.Base, to)
	}
	switch {
	case o.caOut != "":
		fmt.Fprintf(stdout, "certificates: signed by the authority in %s, for this run\n", o.caOut)
	case roots != nil:
		fmt.Fprintln(stdout, "certificates: made for this run (curl needs -k); --ca-out FILE writes the authority to trust")
	}
	<-ctx.Done()
	return in.Close()
}

// writeCA writes the authorities that clients have to trust where --ca-out says.
func (o proxyOptions) writeCA(roots []byte) error {
	if o.caOut == "" {
		return nil
	}
	if len(roots) == 0 {
		return usage("--ca-out %s: no certificate is made here; it goes with --tls, or with a proxy that inspects TLS", o.caOut)
	}
	if err := os.WriteFile(o.caOut, roots, 0o644); err != nil {
		return usage("--ca-out: %w", err)
	}
	return nil
}
