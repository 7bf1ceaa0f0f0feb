package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the manual pages, for packages; it is hidden, since what
// they say is what -h says.
func manCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "man",
		Short:   "Write manual pages",
		Long:    "Man writes a manual page for each command, in section 1.",
		Example: "  cometbench man -o man && man man/cometbench-run.1",
		Args:    cobra.NoArgs,
		Hidden:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return usage("%w", err)
			}
			return writeManual(cmd.Root(), dir)
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "man", "directory to write to")
	return cmd
}

// writeManual dates the pages by the commit that was built, so that pages of
// one version are the same wherever and whenever they are made.
func writeManual(root *cobra.Command, dir string) error {
	root.DisableAutoGenTag = true
	date := commitTime()
	header := &doc.GenManHeader{Section: "1", Source: "cometbench " + version(), Manual: "cometbench", Date: &date}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("write manual pages: %w", err)
	}
	return nil
}

// commitTime is when the commit that was built was made, the epoch when the
// build does not know.
func commitTime() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Unix(0, 0).UTC()
	}
	for _, s := range info.Settings {
		if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			return at
		}
	}
	return time.Unix(0, 0).UTC()
}
