package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/claims"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/external"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

// listKinds are what can be listed.
var listKinds = []string{"techniques", "proxies", "presets", "faults", "clients", "checks", "causes", "suites", "demos", "claims"}

// listed is one row: a name, what it is, and further fields, which stand
// beside them in JSON.
type listed struct {
	Name, Means string
	More        map[string]any
}

// MarshalJSON writes one flat object.
func (l listed) MarshalJSON() ([]byte, error) {
	flat := map[string]any{"name": l.Name, "means": l.Means}
	maps.Copy(flat, l.More)
	return json.Marshal(flat)
}

func listCommand() *cobra.Command {
	var jsonOutput bool
	cmd := &cobra.Command{
		Use:       "list KIND",
		Short:     "List the names that other commands take",
		Long:      "List shows what there is of a kind: " + strings.Join(listKinds, ", ") + ".",
		Example:   "  cometbench list faults\n  cometbench list techniques --json",
		ValidArgs: listKinds,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("want one of %s", strings.Join(listKinds, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := list(args[0])
			if err != nil {
				return err
			}
			return printList(cmd.OutOrStdout(), rows, jsonOutput)
		},
	}
	cmd.Flags().BoolVar(&jsonOutput, "json", false, "as JSON")
	return cmd
}

func list(kind string) ([]listed, error) {
	var out []listed
	switch kind {
	case "techniques":
		return listTechniques(), nil
	case "proxies":
		out = append(out, listed{Name: "direct", Means: "no proxy: the control"}, listed{Name: "transparent", Means: "a simulated proxy that changes nothing: the second control"})
		presets, _ := list("presets")
		out = append(out, presets...)
		for _, p := range real.Programs() {
			for i, c := range p.Configs {
				out = append(out, listed{Name: realSpec(p, i), Means: c.Means, More: map[string]any{"package": strings.Join(p.Packages(c), " ")}})
			}
		}
		out = append(out,
			listed{Name: "fault:NAME(…)&NAME(…)", Means: "one hop with these faults, from the origin outward"},
			listed{Name: "real:NAME@FILE", Means: "a real program with your own configuration: a template with .Listen, .Origin and .OriginURL"},
			listed{Name: "forward:URL", Means: "a forward proxy that runs already"},
			listed{Name: "reverse:URL", Means: "an address that already leads to the origin (see run --origin-listen)"},
			listed{Name: "A+B", Means: "two hops, A nearest the client"})
	case "presets":
		for _, p := range proxies.Presets() {
			basis, means := p.Basis(), p.Means
			if len(p.Hearsay()) > 0 {
				means += " [" + basis + "]"
			}
			out = append(out, listed{Name: p.Name, Means: means, More: map[string]any{"basis": basis, "hearsay": len(p.Hearsay()) > 0}})
		}
	case "faults":
		for _, f := range proxies.Faults() {
			var params, causes []string
			for _, p := range f.Provokes {
				if !slices.Contains(causes, p.Cause) { // by several ways of writing the fault
					causes = append(causes, p.Cause)
				}
			}
			for _, p := range f.Params {
				text := p.Name
				if p.Default != "" {
					text += "=" + p.Default
				}
				params = append(params, text)
			}
			means := f.Means
			if len(params) > 0 {
				means += " Parameters: " + strings.Join(params, ", ") + "."
			}
			out = append(out, listed{Name: f.Name, Means: means, More: map[string]any{"parameters": params, "causes": causes}})
		}
	case "clients":
		out = []listed{
			{Name: "go", Means: "a Go client with its own decoders"},
			{Name: "chromium", Means: "headless Chromium, a page per technique"},
			{Name: "firefox", Means: "headless Firefox, a page per technique"},
			{Name: "webkit", Means: "WebKitGTK in front of an X server without a screen, a page per technique"},
		}
		for _, c := range clients.Models() {
			means := "a model"
			if m, ok := c.(interface{ About() string }); ok {
				means = m.About()
			}
			out = append(out, listed{Name: c.Name(), Means: means})
		}
		for _, p := range external.Programs() {
			out = append(out, listed{Name: p.Name, Means: p.Means + " (npm " + p.Package + " " + p.Version() + ")"})
		}
	case "checks":
		own := scenarios.ChecksOfApplication()
		named := func(in []scenarios.Check, id string) bool {
			return slices.ContainsFunc(in, func(c scenarios.Check) bool { return c.ID == id })
		}
		row := func(c scenarios.Check, means string, of ...string) listed {
			return listed{Name: c.ID, Means: means, More: map[string]any{"kind": string(c.Kind), "axis": string(c.Axis), "tier": c.Tier.String(), "of": of}}
		}
		for _, c := range scenarios.All() {
			if named(own, c.ID) {
				out = append(out, row(c, c.Question, "reference", measure.AppTechnique))
			} else {
				out = append(out, row(c, c.Question, "reference"))
			}
		}
		for _, c := range own {
			if !named(scenarios.All(), c.ID) {
				out = append(out, row(c, c.Question+" (your own application, --app)", measure.AppTechnique))
			}
		}
	case "causes":
		for _, c := range measure.Causes() {
			out = append(out, listed{Name: c.ID, Means: c.Means, More: map[string]any{"family": string(c.Family), "advice": c.Advice}})
		}
	case "demos":
		for _, d := range demos.All() {
			out = append(out, listed{Name: d.Name, Means: d.Summary, More: map[string]any{"technique": d.Technique, "path": "/demo/" + d.Name}})
		}
	case "claims":
		for _, c := range claims.All() {
			out = append(out, listed{Name: c.Name, Means: c.Sentence + ".", More: map[string]any{"source": c.Source, "measured": c.Measured, "command": c.Command()}})
		}
	case "suites":
		for _, b := range suite.Builtins() {
			means := b.Means
			if b.Lacks != "" {
				means += " (not built yet: " + b.Lacks + ")"
			}
			out = append(out, listed{Name: b.Name, Means: means, More: map[string]any{"built": b.Lacks == ""}})
		}
	default:
		return nil, unknownName("kind", kind, listKinds)
	}
	return out, nil
}

// listTechniques lists what the server speaks and who can receive it, then
// what is only remembered.
func listTechniques() []listed {
	var out []listed
	for _, t := range reference.All() {
		out = append(out, listTechnique(t.Name(), t.Info()))
	}
	for _, t := range reference.ProtocolTechniques() {
		out = append(out, listTechnique(t.Name, t.Info))
	}
	for _, h := range reference.Historic() {
		out = append(out, listed{h.Name, h.Why, map[string]any{"family": "historic", "class": "historic", "clients": []string{}}})
	}
	return out
}

func listTechnique(name string, info reference.Info) listed {
	direction := "down"
	if info.Upstream {
		direction = "both"
	}
	row, _ := measure.TechniqueByName(name)
	return listed{name, info.Summary, map[string]any{
		"family": info.Family, "class": string(info.Class), "direction": direction, "methods": info.Methods,
		"http": info.HTTP, "not_over": info.NotOver, "variants": row.Variants, "clients": receivers(name), "default": row.Default,
	}}
}

// receivers names the clients that can receive by a technique, over the first
// HTTP version it has.
func receivers(technique string) []string {
	row, _ := measure.TechniqueByName(technique)
	over := "1.1"
	if len(row.HTTP) > 0 && !slices.Contains(row.HTTP, over) {
		over = row.HTTP[0]
	}
	s := measure.Subscription{Technique: technique, Target: measure.Target{URL: "https://127.0.0.1/", HTTP: over}}
	var out []string
	for _, name := range clientNames() {
		if c, ok := clients.ByName(name); ok && c.Supports(s) == nil || browsers.Receives(name, technique) {
			out = append(out, name)
		}
	}
	return out
}

func printList(w io.Writer, rows []listed, jsonOutput bool) error {
	if jsonOutput {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	tab := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(tab, "%s\t%s\n", r.Name, r.Means)
	}
	return tab.Flush()
}
