package scenarios_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// wide is a matrix of many cells of unequal cost.
func wide(t *testing.T) scenarios.Matrix {
	t.Helper()
	m := scenarios.Matrix{Checks: scenarios.All(), Variants: []string{"", "post"}, HTTP: []string{"1.0", "1.1"}}
	for _, tech := range measure.Techniques() {
		if tech.Speaks("1.1") {
			m.Techniques = append(m.Techniques, tech)
		}
	}
	for _, spec := range []string{"direct", "transparent", "nginx-default", "fault:buffer(until=close)", "fault:idle(after=60s)"} {
		p, err := proxies.Parse(spec, proxies.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m.Paths = append(m.Paths, scenarios.Path{Proxy: p, Mode: proxies.Reverse})
	}
	for _, name := range []string{"go", "model:ie9"} {
		c, _ := clients.ByName(name)
		m.Clients = append(m.Clients, scenarios.Receiver{Name: name, Client: c})
	}
	m.Ask = func(c scenarios.Combination, check string) bool {
		return c.Client == "go" || check == "opening/connect"
	}
	return m
}

func TestShardsAreWholeAndEven(t *testing.T) {
	m := wide(t)
	all := m.Labels()
	for _, n := range []int{1, 2, 3, 7, 2000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			seen := map[measure.Labels]int{}
			plan := ""
			var least, most time.Duration
			for i := 1; i <= n; i++ {
				part, s := m.Shard(measure.Shard{Index: i, Of: n})
				again, _ := m.Shard(measure.Shard{Index: i, Of: n})
				if !slices.Equal(part.Labels(), again.Labels()) {
					t.Fatal("dealt out differently the second time")
				}
				if plan = s.Plan; s.Cells != len(all) {
					t.Errorf("shard %s knows of %d cells, want %d", s, s.Cells, len(all))
				}
				for _, l := range part.Labels() {
					seen[l]++
				}
				cost := scenarios.UsualCost(part)
				if i == 1 || cost < least {
					least = cost
				}
				most = max(most, cost)
				if n == 2000 && i > 20 {
					return // some are empty, and none fails
				}
			}
			if whole, s := m.Shard(measure.Shard{Index: 1, Of: 1}); s.Plan != plan || len(whole.Labels()) != len(all) {
				t.Errorf("the shards belong to plan %s, the whole is %s", plan, s.Plan)
			}
			for _, l := range all {
				if seen[l] != 1 {
					t.Errorf("%s is in %d shards", l, seen[l])
				}
			}
			if n < 10 && most > least+least/10 {
				t.Errorf("the dearest shard costs %s, the cheapest %s", most, least)
			}
		})
	}
}

// A matrix that asks something else is another plan: its shards do not fit.
func TestPlansDiffer(t *testing.T) {
	m := wide(t)
	_, a := m.Shard(measure.Shard{Index: 1, Of: 2})
	m.Checks = m.Checks[:2]
	_, b := m.Shard(measure.Shard{Index: 1, Of: 2})
	if a.Plan == b.Plan {
		t.Error("two matrices with different checks have the same plan")
	}
}
