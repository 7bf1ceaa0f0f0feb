package reports

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Cells end in the order in which they happen to finish. Reports order by
// name instead, so that two reports of the same matrix can be laid side by
// side; paths to one application keep their places from it outward.

func sortedKeys[K comparable](m map[K]bool, order func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), order)
}

// byTechnique puts the techniques of the closed table first, in its order.
func byTechnique(a, b string) int {
	return cmp.Or(cmp.Compare(techniqueRank(a), techniqueRank(b)), cmp.Compare(a, b))
}

func techniqueRank(name string) int {
	all := append(measure.Techniques(), measure.Demos()...)
	i := slices.IndexFunc(all, func(t measure.Technique) bool { return t.Name == name })
	if i < 0 {
		return len(all)
	}
	return i
}

// byProxy puts the controls first, then presets, faults, real programs,
// running ones.
func byProxy(a, b string) int {
	return cmp.Or(cmp.Compare(proxyRank(a), proxyRank(b)), cmp.Compare(a, b))
}

func proxyRank(name string) int {
	for i, prefix := range []string{"fault:", "real:", "reverse:", "forward:"} {
		if strings.HasPrefix(name, prefix) {
			return 3 + i
		}
	}
	switch name {
	case "direct":
		return 0
	case "transparent":
		return 1
	}
	return 2
}

func byGroup(a, b group) int {
	return cmp.Or(
		cmp.Compare(clientRank(a.client), clientRank(b.client)),
		cmp.Compare(a.client, b.client),
		cmp.Compare(a.http, b.http),
		cmp.Compare(btoi(a.tls), btoi(b.tls)),
		cmp.Compare(a.variant, b.variant),
	)
}

// clientRank puts the Go client first, models last.
func clientRank(name string) int {
	switch {
	case name == "go":
		return 0
	case strings.HasPrefix(name, "model:"):
		return 2
	}
	return 1
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func byCell(a, b *cell) int {
	return cmp.Or(
		byGroup(groupOf(a.Labels), groupOf(b.Labels)),
		byProxy(a.Proxy, b.Proxy),
		byTechnique(a.Technique, b.Technique),
	)
}

func byPreference(a, b string) int {
	tierA, placeA := measure.Preference(a)
	tierB, placeB := measure.Preference(b)
	return cmp.Or(cmp.Compare(tierA, tierB), cmp.Compare(placeA, placeB), byTechnique(a, b))
}
