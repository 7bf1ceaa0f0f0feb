package suite

import (
	"embed"
	"fmt"
	"slices"
)

//go:embed builtin/*.yaml
var files embed.FS

// Builtin is a suite that comes with the program, or is to come.
type Builtin struct {
	Name  string
	Means string
	// Lacks says what has to be built before it can run; "" is nothing.
	Lacks string
}

// Builtins lists them, the usual one first.
func Builtins() []Builtin {
	return []Builtin{
		{Name: "default", Means: "what `run` measures when nobody says: eight techniques, simulated and real proxies, Go and Chromium; 60 s"},
		{Name: "ci", Means: "small but telling, with what is expected of each cell; under 20 s"},
		{Name: "full", Means: "every technique through every preset and program, with every question, over HTTP/1.0, 1.1 and 2, reverse and forward; half an hour"},
		{Name: "real", Means: "every program that is installed here, in each of its configurations"},
		{Name: "fidelity", Means: "the programs that are installed here and the presets that imitate programs, side by side"},
		{Name: "seeds", Means: "the historical systems that the techniques come from, played in Chromium: which survives what; and what is said of comet, tested; five minutes"},
		{Name: "external", Means: "the clients of other projects through every preset, each by each of its transports and by its own choice; five minutes"},
	}
}

// ByName reads a suite that comes with the program. It fails for names that
// are none and for suites that are still to come.
func ByName(name string, known Known) (*Suite, error) {
	all := Builtins()
	i := slices.IndexFunc(all, func(b Builtin) bool { return b.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("no suite of the name %q", name)
	}
	if b := all[i]; b.Lacks != "" {
		return nil, fmt.Errorf("suite %s is not built yet: %s", name, b.Lacks)
	}
	text, err := files.ReadFile("builtin/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("read suite %s: %w", name, err)
	}
	return Parse(name, text, known)
}

//go:embed start.yaml
var start []byte

// Start is a commented suite to start from. It is valid and runs.
func Start() []byte { return slices.Clone(start) }
