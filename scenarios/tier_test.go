package scenarios

import (
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestChecksAreAddressable(t *testing.T) {
	seen := map[string]bool{}
	axes := append(measure.Axes(), measure.Counting)
	last := 0
	for _, c := range All() {
		if seen[c.ID] || !strings.HasPrefix(c.ID, string(c.Axis)+"/") || !strings.HasSuffix(c.Question, "?") || c.Judge == nil || len(c.Trials) == 0 {
			t.Errorf("check %+v", c)
		}
		seen[c.ID] = true
		place := 0
		for i, a := range axes {
			if a == c.Axis {
				place = i
			}
		}
		if place < last {
			t.Errorf("%s is out of the order of an exchange", c.ID)
		}
		last = place
	}
}

func TestTiers(t *testing.T) {
	checks := []Check{{ID: "a"}, {ID: "b", Tier: Full}, {ID: "c", Tier: Thorough}, {ID: "d", Tier: Quick}}
	for tier, want := range map[Tier]string{Quick: "ad", Thorough: "acd", Full: "abcd"} {
		got := ""
		for _, c := range UpTo(checks, tier) {
			got += c.ID
		}
		if got != want {
			t.Errorf("up to %s: %s, want %s", tier, got, want)
		}
	}
	if Quick.String() != "quick" || Thorough.String() != "thorough" || Full.String() != "full" {
		t.Error("tiers have other names")
	}
}
