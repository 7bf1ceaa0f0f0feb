package scenarios

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// visitors is a client whose subscriptions can be one visitor's.
type visitors struct{ measure.Visitor }

// A trial that opens some pages does not wait until nobody uses the browser.
func TestPlacesOfTrials(t *testing.T) {
	browser, program := Receiver{Client: visitors{}, AtOnce: 32}, Receiver{AtOnce: 8}
	small := Receiver{Client: visitors{}, AtOnce: 4}
	for _, c := range []struct {
		trial Trial
		in    Receiver
		want  int64
	}{
		{steadyTrial(), browser, 1},
		{crowdTrial(smallCrowdName, smallCrowd), browser, mostPages},
		{crowdTrial(smallCrowdName, smallCrowd), small, 4},
		{crowdTrial(smallCrowdName, smallCrowd), program, 8},
		{crowdTrial(crowdName, crowd), browser, 32},
		{memoryTrial(), browser, 32},
	} {
		if got := c.trial.places(c.in); got != c.want {
			t.Errorf("%s takes %d of %d places, want %d", c.trial.Name, got, c.in.AtOnce, c.want)
		}
	}
}
