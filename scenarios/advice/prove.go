package advice

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Matrix is the part of m that is to be measured again, through the copies:
// each cell is asked what it was asked before.
func (p *Plan) Matrix(m scenarios.Matrix) (scenarios.Matrix, error) {
	was := map[measure.Labels]measure.Labels{} // the cells' own labels by those behind a copy
	paths := m.Paths
	m.Paths = nil
	for _, k := range p.Copies {
		mended, err := proxies.Parse(k.Spec, proxies.ParseOptions{Real: real.Parse})
		if err != nil {
			return m, fmt.Errorf("advice for %s: %w", k.Proxy, err)
		}
		for _, path := range paths {
			if path.Proxy.Name() == k.Proxy {
				m.Paths = append(m.Paths, scenarios.Path{Proxy: mended, Mode: path.Mode})
			}
		}
		for _, c := range k.Cells {
			was[mendedLabels(c.Labels, k.Spec)] = c.Labels
		}
	}
	include, ask, tier := m.Include, m.Ask, m.Tier
	before := func(c scenarios.Combination) scenarios.Combination {
		c.Labels = was[c.Labels]
		return c
	}
	m.Include = func(c scenarios.Combination) bool {
		_, ok := was[c.Labels]
		return ok && (include == nil || include(before(c)))
	}
	if ask != nil {
		m.Ask = func(c scenarios.Combination, check string) bool { return ask(before(c), check) }
	}
	if tier != nil {
		m.Tier = func(c scenarios.Combination) scenarios.Tier { return tier(before(c)) }
	}
	return m, nil
}

func mendedLabels(l measure.Labels, spec string) measure.Labels {
	l.Proxy = spec
	return l
}

// Judge holds the second run against the first.
func (p *Plan) Judge(first, second *measure.Run) []measure.AdviceRecord {
	out := slices.Clone(p.Untried)
	again, _ := measure.Merge(second)
	for _, k := range p.Copies {
		for _, c := range k.Cells {
			a := record(first, c, real.ProgramOf(k.Proxy), k.Fix)
			a.Mended = k.Spec
			if after, ok := again[mendedLabels(c.Labels, k.Spec)]; ok {
				a.Judge(after.CellRecord)
			} else {
				a.Reason = "it was not measured again"
			}
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b measure.AdviceRecord) int {
		return cmp.Or(cmp.Compare(a.Proxy, b.Proxy), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Labels.String(), b.Labels.String()))
	})
	return out
}
