package scenarios_test

import (
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// The table of failure modes names causes and techniques that there are.
func TestFailureModesNameWhatThereIs(t *testing.T) {
	for _, mode := range proxies.FailureModes() {
		if _, ok := measure.CauseByID(mode.Cause); !ok {
			t.Errorf("%d: no cause %s", mode.Number, mode.Cause)
		}
		for _, technique := range mode.Techniques {
			// The sessions of these two have names in the contract before they
			// have rows in the table.
			promised := strings.HasPrefix(technique, "bayeux-") || strings.HasPrefix(technique, "sockjs-")
			if _, ok := measure.TechniqueByName(technique); !ok && !promised {
				t.Errorf("%d: no technique %s", mode.Number, technique)
			}
		}
	}
}
