package scenarios

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestCellSeed(t *testing.T) {
	seen := map[int64]string{}
	for _, run := range []int64{0, 1, -1} {
		for _, l := range []measure.Labels{{Technique: "eventsource"}, {Technique: "websocket"}, {Technique: "eventsource", Proxy: "transparent"}} {
			seed := cellSeed(run, l)
			if cell, taken := seen[seed]; taken {
				t.Errorf("%s has the seed of %s", l, cell)
			}
			seen[seed] = l.String()
			if again := cellSeed(run, l); again != seed {
				t.Errorf("%s: %d, then %d", l, seed, again)
			}
		}
	}
}
