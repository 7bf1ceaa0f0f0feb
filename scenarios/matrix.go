package scenarios

import (
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
	Variants   []string // of techniques; empty is the usual form alone, which is ""
	TLS        bool     // between client and path; the origin must have it, too
	Checks     []Check
	// Tier says how deep the checks of a combination go, see Case.Tier; nil is
	// Quick.
	Tier func(Combination) Tier
	// Include drops combinations; nil keeps all.
	Include func(Combination) bool
	// Ask drops checks from a combination; nil asks all that apply.
	Ask func(c Combination, check string) bool
}

// Combination is a cell before it is known whether it is measured.
type Combination struct {
	measure.Labels
	Mode proxies.Mode
	Form string // the technique's own variant, which Labels.Variant has in it
}

// Path is one proxy in one mode.
type Path struct {
	Proxy   proxies.Proxy
	Mode    proxies.Mode
	Missing error // why it cannot run here; its cells are skipped with this reason
}

// variant is the label of a cell's further properties: what tells two modes of
// one proxy apart, then the technique's own variant.
func (p Path) variant(technique string) string {
	if isDirect(p) || p.Mode != proxies.Forward || !slices.Contains(p.Proxy.Capabilities().Modes, proxies.Reverse) {
		return technique
	}
	if technique == "" {
		return string(proxies.Forward)
	}
	return string(proxies.Forward) + "+" + technique
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
	variant   string // of the technique
	path      Path
	receiver  Receiver
	checks    []Check
	round     int // of its measurements, from 0: each leaves something else to chance
	tier      Tier
}

// controlKey says which cells share a control: all that differ in the path only.
type controlKey struct{ technique, variant, client, http string }

func (c cell) control() controlKey {
	return controlKey{c.labels.Technique, c.variant, c.labels.Client, c.labels.HTTP}
}

// cells lists the combinations: the direct path first, then path by path, so
// that an interrupted run has whole columns. A technique without a variant
// that was asked for is left out where its usual form is measured.
func (m Matrix) cells() []cell {
	paths := slices.Clone(m.Paths)
	slices.SortStableFunc(paths, func(a, b Path) int { return controlRank(a) - controlRank(b) })
	var out []cell
	for _, p := range paths {
		for _, r := range m.Clients {
			for _, v := range orElse(m.HTTP, "1.1") {
				for _, t := range m.Techniques {
					for _, variant := range orElse(m.Variants, "") {
						if variant != "" && !slices.Contains(t.Variants, variant) && len(m.Variants) > 1 {
							continue
						}
						if c, ok := m.cell(t, variant, p, r, v); ok {
							out = append(out, c)
						}
					}
				}
			}
		}
	}
	return out
}

func (m Matrix) cell(t measure.Technique, variant string, p Path, r Receiver, http string) (cell, bool) {
	c := cell{technique: t, variant: variant, path: p, receiver: r, labels: measure.Labels{
		Technique: t.Name, Proxy: p.Proxy.Name(), Client: r.Name, HTTP: http, TLS: m.TLS, Variant: p.variant(variant),
	}}
	one := Combination{Labels: c.labels, Mode: p.Mode, Form: variant}
	if m.Include != nil && !m.Include(one) {
		return c, false
	}
	if m.Tier != nil {
		c.tier = m.Tier(one)
	}
	for _, check := range m.Checks {
		if check.Demo != t.Demo || !suits(t, r.Client, check.ID) || check.Applies != nil && !check.Applies(t) || m.Ask != nil && !m.Ask(one, check.ID) {
			continue
		}
		c.checks = append(c.checks, check)
	}
	return c, true
}

func orElse(list []string, only string) []string {
	if len(list) == 0 {
		return []string{only}
	}
	return list
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
	if isVia(p) {
		return 0 // in the order in which they were named, whatever the names
	}
	switch p.Proxy.Name() {
	case "direct":
		return 0
	case "transparent":
		return 1
	}
	return 2
}

// askable are the cell's checks that an origin of these abilities can be part
// of; the trials of others are not run.
func (c cell) askable(have Needs) []Check {
	return slices.DeleteFunc(slices.Clone(c.checks), func(k Check) bool { return k.Requires.Missing(have) != "" })
}

// trialsOf lists the trials that checks need, each once.
func trialsOf(checks []Check) []Trial {
	var out []Trial
	for _, check := range checks {
		out = addTrials(out, check.Trials)
	}
	return out
}

// addTrials appends those that are not in the list.
func addTrials(list, more []Trial) []Trial {
	for _, t := range more {
		if !slices.ContainsFunc(list, func(o Trial) bool { return o.Name == t.Name }) {
			list = append(list, t)
		}
	}
	return list
}
