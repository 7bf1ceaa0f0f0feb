package compare_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// recorded are 40 repetitions of delivery/steady through fault:latency(100ms),
// measured on two cores while other programs kept them busy: by technique and
// value.
func recorded(t *testing.T) map[string]map[string][]float64 {
	t.Helper()
	text, err := os.ReadFile("testdata/latency_100ms.json")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]map[string][]float64
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// draw makes a run of n repetitions from what was recorded, with every delay so
// much longer.
func draw(rng *rand.Rand, values map[string][]float64, n int, more float64) *measure.Run {
	r := run(seen{technique: "x", verdict: measure.Works})
	r.Checks[0].Samples = map[string][]float64{}
	for range n {
		i := rng.IntN(len(values["delay_p50_ms"]))
		for _, name := range slices.Sorted(maps.Keys(values)) { // of one repetition
			r.Checks[0].Samples[name] = append(r.Checks[0].Samples[name], values[name][i]+more)
		}
	}
	return r
}

// A latency that grew by 30 % is caught in nine of ten runs, and at most one
// run in 200 without a change raises an alarm, which `run --baseline` believes
// only when a second measurement says the same: with five repetitions each, on
// recorded noise, a hundred times over.
func TestSeededRegressions(t *testing.T) {
	const repetitions, tens = 5, 100
	for technique, values := range recorded(t) {
		t.Run(technique, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			base := slices.Sorted(slices.Values(values["delay_p50_ms"]))[len(values["delay_p50_ms"])/2]
			missed, badTens := 0, 0
			for range tens {
				caught := 0
				for range 10 {
					if c := compareRuns(draw(rng, values, repetitions, 0), draw(rng, values, repetitions, .3*base)); c.Count(measure.ChangeWorse) == 1 {
						caught++
					}
				}
				missed += 10 - caught
				if caught < 9 {
					badTens++
				}
			}
			alarms := 0
			for range 20 * tens {
				if c := compareRuns(draw(rng, values, repetitions, 0), draw(rng, values, repetitions, 0)); len(c.Of(measure.ChangeWorse)) > 0 {
					alarms++
				}
			}
			t.Logf("%d of %d regressions missed, %d alarms in %d runs without one", missed, 10*tens, alarms, 20*tens)
			if badTens > 0 {
				t.Errorf("in %d of %d tens fewer than nine were caught", badTens, tens)
			}
			if alarms*200 > 20*tens {
				t.Errorf("%d false alarms in %d runs, want at most one in 200", alarms, 20*tens)
			}
		})
	}
}
