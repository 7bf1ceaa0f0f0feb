package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cometbench/cometbench/internal/nearest"
)

// flagError adds the nearest known flag to cobra's error.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		name, _, _ = strings.Cut(name, "=")
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near, ok := nearest.Name(name, known); ok {
			return usage("unknown flag --%s; did you mean --%s?", name, near)
		}
	}
	return usage("%s; cometbench %s -h shows the flags", text, cmd.Name())
}

// unknownName is the error for a name outside a closed list.
func unknownName(kind, name string, known []string) error {
	all := fmt.Sprintf("cometbench list %ss shows all", kind)
	if !slices.Contains(listKinds, kind+"s") {
		all = "there are " + strings.Join(known, ", ")
	}
	if near, ok := nearest.Name(name, known); ok {
		return usage("unknown %s %q; did you mean %q? (%s)", kind, name, near, all)
	}
	for _, k := range known { // delivery/steady for steady
		if strings.HasSuffix(k, "/"+name) {
			return usage("unknown %s %q; did you mean %q? (%s)", kind, name, k, all)
		}
	}
	return usage("unknown %s %q; %s", kind, name, all)
}

// selectNames expands globs over the known names and keeps exact ones. An
// exact name that is not known is an error; a glob that matches nothing too.
func selectNames(kind string, wanted, known []string) ([]string, error) {
	var out []string
	add := func(name string) {
		for _, have := range out {
			if have == name {
				return
			}
		}
		out = append(out, name)
	}
	for _, list := range wanted {
		for _, w := range strings.Split(list, ",") {
			w = strings.TrimSpace(w)
			matched := false
			for _, k := range known {
				if globMatch(w, k) {
					add(k)
					matched = true
				}
			}
			if matched {
				continue
			}
			if strings.ContainsAny(w, "*?[") {
				return nil, usage("%s pattern %q matches nothing; cometbench list %ss shows all", kind, w, kind)
			}
			return nil, unknownName(kind, w, known)
		}
	}
	return out, nil
}

// noArgs refuses words that belong to no flag.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no arguments, and %q is one; cometbench %s -h shows the flags", cmd.Name(), args[0], cmd.Name())
	}
	return nil
}
