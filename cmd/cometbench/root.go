package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes (where several apply: 130, then 2, 3, 1).
const (
	exitGate        = 1
	exitUsage       = 2
	exitHarness     = 3
	exitInterrupted = 130
)

// exitError carries an exit code with its reason.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage marks an error as wrong usage or input.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// execute runs one command line and returns its exit code. An error is one
// line on stderr.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	message, _, more := strings.Cut(err.Error(), "\n\nDid you mean this?")
	if more || strings.HasPrefix(message, "unknown command") {
		message += "; cometbench -h lists the commands"
	}
	if text := oneLine(message); text != "" {
		fmt.Fprintln(stderr, "cometbench: "+text)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return exitInterrupted // whatever else it was taken for on the way up
	}
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitUsage // what is left is cobra's: unknown commands and flags
}

// oneLine folds an error into one line without control characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ReplaceAll(s, "\n", "; "))
	return strings.TrimSpace(s)
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "cometbench",
		Short: "Measure which ways of pushing messages to a browser survive a path",
		Long: `cometbench sends messages from a reference comet server through a proxy, simulated
or real, to a client, and says which technique survives, why the others do not,
and what to change.`,
		Example:       "  cometbench run --technique eventsource --proxy real:nginx",
		Version:       version(),
		SilenceErrors: true, SilenceUsage: true,
		SuggestionsMinimumDistance: 3,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	root.AddCommand(serveCommand(), proxyCommand(), runCommand(), loadCommand(), reportCommand(), compareCommand(), initCommand(), listCommand(), explainCommand(), doctorCommand(), manCommand())
	completions(root)
	return root
}

// version is the module's version and commit as the build knows them.
func version() string {
	v, commit := buildInfo()
	if commit != "" {
		return v + " (" + commit + ")"
	}
	return v
}

func buildInfo() (version, commit string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return info.Main.Version, commit
}
