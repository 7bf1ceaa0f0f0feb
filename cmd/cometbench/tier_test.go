package main

import (
	"slices"
	"testing"

	"github.com/cometbench/cometbench/scenarios"
)

// What is asked without --check depends on whether proxies are named; with it,
// whatever matches.
func TestChecksByTier(t *testing.T) {
	const quick, thorough, full = "delivery/steady", "opening/headers", "opening/error-visible"
	for _, tt := range []struct {
		name    string
		options selection
		tier    scenarios.Tier
		want    []string // of the three above
	}{
		{"the default matrix", selection{}, scenarios.Quick, []string{quick}},
		{"proxies named", selection{Proxies: []string{"transparent"}}, scenarios.Thorough, []string{quick, thorough}},
		{"a glob", selection{Checks: []string{"opening/*"}}, scenarios.Full, []string{thorough, full}},
		{"by name", selection{Checks: []string{full}, Proxies: []string{"transparent"}}, scenarios.Full, []string{full}},
	} {
		o := runOptions{selection: tt.options}
		first, err := o.resolve(o.blocks(nil)[0])
		if err != nil {
			t.Fatal(err)
		}
		checks, tier := first.checks, first.tier
		var got []string
		for _, id := range []string{quick, thorough, full} {
			if slices.ContainsFunc(checks, func(c scenarios.Check) bool { return c.ID == id }) {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, tt.want) || tier != tt.tier {
			t.Errorf("%s: %v, %s; want %v, %s", tt.name, got, tier, tt.want, tt.tier)
		}
	}
	if _, _, err := selectChecks(scenarios.All(), []string{"opening/header"}, scenarios.Quick); err == nil {
		t.Error("an unknown check is taken")
	}
}
