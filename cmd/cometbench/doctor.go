package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios/external"
)

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "What this machine has and lacks, and what each lack costs",
		Long:    "Doctor looks for the programs and limits that cometbench uses. Nothing it misses is an error: what needs it is skipped, and says so.",
		Example: "  cometbench doctor",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return doctor(cmd.Context(), cmd.OutOrStdout())
		},
	}
}

func doctor(ctx context.Context, w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	row := func(ok bool, name, found, cost string) {
		mark := "ok"
		if !ok {
			mark = "missing"
			found = cost
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\n", mark, name, found)
	}
	fmt.Fprintf(tab, "ok\tgo\t%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, p := range real.Programs() {
		v, err := p.Version(ctx)
		row(err == nil, p.Name, v, fmt.Sprintf("cells of real:%s are skipped: %v", p.Name, err))
		for i, c := range p.Configs {
			if lack := p.Available(c); err == nil && lack != nil {
				row(false, strings.TrimPrefix(realSpec(p, i), real.Prefix), "", fmt.Sprintf("cells of %s are skipped: %v", realSpec(p, i), lack))
			}
		}
	}
	for _, name := range browsers.Names() {
		b, err := browsers.New(ctx, name, browsers.Options{})
		if err != nil {
			row(false, name, "", fmt.Sprintf("cells of the client %s are skipped; %s", name, err))
			continue
		}
		row(true, name, b.Binary(), "")
		b.Close() // nothing was started
	}
	lack := external.Lacking()
	row(lack == nil, "node, npm", "external clients", fmt.Sprintf("cells of cometd, faye and sockjs-client are skipped: %v", lack))
	if n, ok := descriptors(); ok {
		row(n >= 4096, "descriptors", fmt.Sprintf("%d per process", n),
			fmt.Sprintf("%d per process: load beyond about %d subscribers is limited; ulimit -n raises it", n, n/2))
	}
	return tab.Flush()
}
