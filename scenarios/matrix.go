package scenarios

import (
	"path"
	"slices"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Matrix is what a run measures: every combination of its lists that Include
// allows.
type Matrix struct {
	Techniques []measure.Technique
	Paths      []Path
	Clients    []Receiver
	HTTP       []string // versions; empty is 1.1
	Checks     []Check
	// Include drops combinations; nil keeps all.
	Include func(measure.Labels) bool
	// Ask drops checks from a combination; nil asks all that apply.
	Ask func(l measure.Labels, check string) bool
}

// Path is one proxy in one mode.
type Path struct {
	Proxy   proxies.Proxy
	Mode    proxies.Mode
	Missing error // why it cannot run here; its cells are skipped with this reason
}

// variant is the label that tells two modes of one proxy apart.
func (p Path) variant() string {
	if !isDirect(p) && p.Mode == proxies.Forward && slices.Contains(p.Proxy.Capabilities().Modes, proxies.Reverse) {
		return string(proxies.Forward)
	}
	return ""
}

// Receiver is a client, or the reason why it is not here.
type Receiver struct {
	Name    string
	Client  measure.Client
	Missing error
	AtOnce  int // subscriptions it carries at once, 0 is any number: trials wait for a place before they take up anything else
}

// cell is one combination.
type cell struct {
	labels    measure.Labels
	technique measure.Technique
	path      Path
	receiver  Receiver
	checks    []Check
}

// controlKey says which cells share a control: all that differ in the path only.
type controlKey struct{ technique, client, http string }

func (c cell) control() controlKey {
	return controlKey{c.labels.Technique, c.labels.Client, c.labels.HTTP}
}

// cells lists the combinations: the direct path first, then path by path, so
// that an interrupted run has whole columns.
func (m Matrix) cells() []cell {
	versions := m.HTTP
	if len(versions) == 0 {
		versions = []string{"1.1"}
	}
	paths := slices.Clone(m.Paths)
	slices.SortStableFunc(paths, func(a, b Path) int { return controlRank(a) - controlRank(b) })
	var out []cell
	for _, p := range paths {
		for _, r := range m.Clients {
			for _, v := range versions {
				for _, t := range m.Techniques {
					c := cell{technique: t, path: p, receiver: r, labels: measure.Labels{
						Technique: t.Name, Proxy: p.Proxy.Name(), Client: r.Name, HTTP: v, Variant: p.variant(),
					}}
					if m.Include != nil && !m.Include(c.labels) {
						continue
					}
					for _, check := range m.Checks {
						if check.Applies != nil && !check.Applies(t) || m.Ask != nil && !m.Ask(c.labels, check.ID) {
							continue
						}
						c.checks = append(c.checks, check)
					}
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// Labels lists the cells that a run would measure, in order.
func (m Matrix) Labels() []measure.Labels {
	var out []measure.Labels
	for _, c := range m.cells() {
		out = append(out, c.labels)
	}
	return out
}

func controlRank(p Path) int {
	switch p.Proxy.Name() {
	case "direct":
		return 0
	case "transparent":
		return 1
	}
	return 2
}

// trials lists the trials that a cell's checks need, each once.
func (c cell) trials() []Trial {
	var out []Trial
	for _, check := range c.checks {
		for _, t := range check.Trials {
			if !slices.ContainsFunc(out, func(o Trial) bool { return o.Name == t.Name }) {
				out = append(out, t)
			}
		}
	}
	return out
}

// Glob reports whether name matches one of the patterns.
func Glob(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok || p == name
	})
}
