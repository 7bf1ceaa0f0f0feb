package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/scenarios/suite"
)

// initOptions are the flags of `init`.
type initOptions struct {
	out           string
	force, schema bool
}

func initCommand() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented suite file to start from",
		Long: `Init writes a suite: what to measure, how, and what to hold the result against,
each setting with a comment. It is valid as it is and runs in a few seconds:

    cometbench init -o streaming.yaml
    cometbench run --suite streaming.yaml`,
		Example: `  cometbench init -o streaming.yaml
  cometbench init --schema -o suite.schema.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return initSuite(o, cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "", "file to write (default: standard output)")
	f.BoolVar(&o.force, "force", false, "replace the file if it is there")
	f.BoolVar(&o.schema, "schema", false, "write the JSON schema of suites instead, for editors and validators")
	return cmd
}

func initSuite(o initOptions, stdout io.Writer) error {
	text := suite.Start()
	if o.schema {
		var err error
		if text, err = suite.Schema(known(), plainProxies()); err != nil {
			return err
		}
	}
	if o.out == "" {
		_, err := stdout.Write(text)
		return err
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if o.force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(o.out, how, 0o644)
	if errors.Is(err, os.ErrExist) {
		return usage("-o %s: the file is there already; name another, or give --force", o.out)
	}
	if err != nil {
		return usage("-o: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", o.out, err)
	}
	return nil
}
