package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func explainCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain CAUSE",
		Short: "Symptom, picture, a curl line that shows it, the fix per program",
		Long: `Explain says of a cause what users report, what happens on the wire, how to see
it with curl, what the application can do, and which lines mend it in each
program for which they are known. cometbench list causes shows all causes.`,
		Example: `  cometbench explain buffer-until-close
  cometbench explain idle-timeout --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var known []string
			for _, c := range measure.Causes() {
				known = append(known, c.ID)
			}
			if len(args) != 1 {
				return usage("explain takes one cause, as cometbench explain buffered; cometbench list causes shows all")
			}
			cause, ok := measure.CauseByID(args[0])
			if !ok {
				return unknownName("cause", args[0], known)
			}
			e, _ := measure.Explain(cause.ID)
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetEscapeHTML(false)
				return enc.Encode(explanationLine(cause, e))
			}
			_, err := io.WriteString(cmd.OutOrStdout(), explanationText(cause, e))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of text")
	return cmd
}

// explained is the JSON form.
type explained struct {
	Cause       string       `json:"cause"`
	Family      string       `json:"family"`
	Means       string       `json:"means"`
	Symptom     string       `json:"symptom"`
	Picture     []string     `json:"picture"`
	Curl        string       `json:"curl"`
	Advice      string       `json:"advice"`
	Application string       `json:"application"`
	Fixes       []explainFix `json:"fixes,omitempty"`
}

type explainFix struct {
	Program string   `json:"program"`
	Where   string   `json:"where"`
	Lines   []string `json:"lines"`
}

func explanationLine(c measure.Cause, e measure.Explanation) explained {
	out := explained{Cause: c.ID, Family: string(c.Family), Means: c.Means, Symptom: e.Symptom, Picture: e.Picture,
		Curl: e.Curl, Advice: c.Advice, Application: e.Application}
	for _, f := range e.Fixes {
		out.Fixes = append(out.Fixes, explainFix{f.Program, f.Where, f.Advised()})
	}
	return out
}

func explanationText(c measure.Cause, e measure.Explanation) string {
	var b strings.Builder
	para := func(title, text string) { fmt.Fprintf(&b, "%s\n  %s\n\n", title, text) }
	fmt.Fprintf(&b, "%s (%s)\n  %s\n\n", c.ID, c.Family, c.Means)
	para("What is reported", e.Symptom)
	para("On the wire", strings.Join(e.Picture, "\n  "))
	para("See it yourself ($URL leads through the proxy, $ORIGIN does not)", e.Curl)
	para("For the path", c.Advice)
	para("For the application", e.Application)
	for _, f := range e.Fixes {
		what := strings.Join(f.Advised(), "\n    ")
		if what == "" {
			what = "remove " + f.Without
		}
		fmt.Fprintf(&b, "%s, %s\n    %s\n\n", f.Program, f.Where, what)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
