package fidelity

import "slices"

// Pair names a real program in one configuration and what claims to behave
// like it.
type Pair struct {
	Real string // real:NAME[/CONFIG]
	Sim  string // a preset, or a composition of faults
	// Tuned says that the preset was corrected by measurements of this very
	// configuration. The others show whether it also foretells.
	Tuned bool
}

// Proxies lists both sides of the pairs, each once.
func Proxies(pairs []Pair) []string {
	var out []string
	for _, p := range pairs {
		for _, name := range []string{p.Real, p.Sim} {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// Pairs is the table.
func Pairs() []Pair {
	return []Pair{
		{Real: "real:nginx", Sim: "nginx-default", Tuned: true},
		{Real: "real:haproxy", Sim: "haproxy-default", Tuned: true},
	}
}
