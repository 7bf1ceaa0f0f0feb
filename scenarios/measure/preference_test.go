package measure

import (
	"slices"
	"testing"
)

// Each technique of the closed table has a place in the order of choice.
func TestEachTechniqueHasATier(t *testing.T) {
	for _, technique := range Techniques() {
		tier, _ := Preference(technique.Name)
		if tier == len(tiers) || !slices.Contains(tiers[tier], technique.Name) {
			t.Errorf("%s is in no tier", technique.Name)
		}
	}
}
