package scenarios_test

import (
	"slices"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// notTheProxy are the causes that no proxy can bring about.
func notTheProxy(c measure.Cause) bool {
	return c.Family == measure.FamilyClient || c.Family == measure.FamilyUnknown || c.ID == "origin-slow"
}

// Each cause that a proxy can bring about has a fault that does, and each fault
// provokes causes of the table only.
func TestCausesHaveFaults(t *testing.T) {
	provoked := map[string][]string{}
	for _, f := range proxies.Faults() {
		for _, p := range f.Provokes {
			if slices.Contains(provoked[p.Cause], p.Spec) {
				t.Errorf("%s is listed twice for %s", p.Spec, p.Cause)
			}
			provoked[p.Cause] = append(provoked[p.Cause], p.Spec)
			c, known := measure.CauseByID(p.Cause)
			switch {
			case !known:
				t.Errorf("fault %s provokes %q, which is not in the table", f.Name, p.Cause)
			case notTheProxy(c):
				t.Errorf("fault %s provokes %s, which is no proxy's doing", f.Name, p.Cause)
			}
			if _, err := proxies.Parse("fault:"+p.Spec, proxies.ParseOptions{}); err != nil {
				t.Errorf("cause %s: %v", p.Cause, err)
			}
		}
	}
	for _, c := range measure.Causes() {
		if !notTheProxy(c) && len(provoked[c.ID]) == 0 {
			t.Errorf("no fault provokes %s", c.ID)
		}
	}
}
