package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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

// Judge holds the run of the copies against how the cells were before: in the
// run that the plan was made of.
func (p *Plan) Judge(second *measure.Run) []measure.AdviceRecord {
	out := slices.Clone(p.Untried)
	again, _ := measure.Merge(second)
	for _, k := range p.Copies {
		for _, c := range k.Cells {
			a := record(c, real.ProgramOf(k.Proxy), k.Fix)
			a.Upon, a.Mended = k.Upon, k.Spec
			if after, ok := again[mendedLabels(c.Labels, k.Spec)]; ok {
				a.Judge(&c, after)
			} else {
				a.Reason = "it was not measured again"
			}
			out = append(out, a)
		}
	}
	return out
}

// Sort puts records in the order of reports, and says of those that are not
// proven what works instead, by the records and the first run, or those that
// were merged.
func Sort(records []measure.AdviceRecord, first ...*measure.Run) {
	cells, _ := measure.Merge(first...)
	slices.SortFunc(records, func(a, b measure.AdviceRecord) int {
		return cmp.Or(cmp.Compare(a.Proxy, b.Proxy), cmp.Compare(len(a.Upon), len(b.Upon)), cmp.Compare(len(a.Beside), 0)-cmp.Compare(len(b.Beside), 0), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Labels.String(), b.Labels.String()))
	})
	for i := range records {
		if !records[i].Proven {
			records[i].Instead, records[i].InsteadLines = "", nil
			instead(&records[i], records, cells)
		}
	}
}

// instead finds the technique to prefer among those that work through the same
// program for the same client, as it is or with lines that were tried. Whoever
// uses a library gets one of its own transports.
func instead(a *measure.AdviceRecord, records []measure.AdviceRecord, cells map[measure.Labels]*measure.Result) {
	alike := func(l measure.Labels) bool {
		technique := l.Technique
		l.Technique = a.Technique
		return l == a.Labels && technique != a.Technique && library(technique) == library(a.Technique)
	}
	offer := func(technique string, lines []string) {
		if a.Instead == "" || before(technique, a.Instead) {
			a.Instead, a.InsteadLines = technique, lines
		}
	}
	for _, c := range cells {
		if alike(c.Labels) && c.Verdict == measure.Works {
			offer(c.Technique, nil)
		}
	}
	for _, other := range records {
		if alike(other.Labels) && other.Proven && other.After == measure.Works && len(other.Upon) == 0 {
			offer(other.Technique, other.Change())
		}
	}
}

func before(technique, other string) bool {
	tier, place := measure.Preference(technique)
	otherTier, otherPlace := measure.Preference(other)
	return cmp.Or(cmp.Compare(tier, otherTier), cmp.Compare(place, otherPlace)) < 0
}

// library is the one whose protocol a technique speaks; "" is none.
func library(technique string) string {
	for _, name := range []string{"sockjs-", "bayeux-"} {
		if strings.HasPrefix(technique, name) {
			return name
		}
	}
	return ""
}
