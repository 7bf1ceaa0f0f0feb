package scenarios

import (
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// costKey is what trials have in common that take about the same time. Fields
// left empty stand for all.
type costKey struct {
	trial  string
	class  measure.Class
	client string
	path   string
}

// keys are the kinds that a trial belongs to, the most particular first.
func (c *forecastCell) keys(trial string) []costKey {
	return []costKey{
		{trial, c.class, c.client, c.path},
		{trial, c.class, "", c.path},
		{trial, c.class, c.client, ""},
		{trial, c.class, "", ""},
		{trial, "", "", ""},
	}
}

// cost is what trials of one kind took.
type cost struct {
	count int
	took  []time.Duration // the last mostSamples
	sum   time.Duration
	again time.Duration // slots times time of what was measured again
}

// mostSamples bounds the durations that are kept of one kind.
const mostSamples = 64

func (k *cost) add(again bool, weight int64, took time.Duration) {
	if again {
		k.again += time.Duration(weight) * took
		return
	}
	k.count++
	k.sum += took
	if k.took = append(k.took, took); len(k.took) > mostSamples {
		k.took = k.took[1:]
	}
}

// usualTrial is what the trials take that take another time than most, on a
// path that works.
var usualTrial = map[string]time.Duration{
	"steady":       2800 * time.Millisecond,
	"large":        1600 * time.Millisecond,
	burstName:      1500 * time.Millisecond,
	silenceName:    3500 * time.Millisecond,
	"recycle-time": 2100 * time.Millisecond,
	demoName:       6 * time.Second,
	"abort":        800 * time.Millisecond,
	lastingName:    20 * time.Second,
}

// usualCost is what a trial takes until it was measured here.
func usualCost(trial string) time.Duration {
	if d, ok := usualTrial[trial]; ok {
		return d
	}
	return 3 * time.Second
}

// known is the cost of the most particular kind that was measured.
func (f *forecast) known(c *forecastCell, trial string) *cost {
	for _, key := range c.keys(trial) {
		if k := f.costs[key]; k != nil && k.count > 0 {
			return k
		}
	}
	return nil
}

// full is what a trial is expected to take that has not begun.
func (f *forecast) full(c *forecastCell, trial string) time.Duration {
	if k := f.known(c, trial); k != nil {
		return k.sum / time.Duration(k.count)
	}
	return usualCost(trial)
}

// rest is what a trial under way is expected to take from now on: what those
// of its kind took beyond this point that came so far.
func (f *forecast) rest(c *forecastCell, trial string, sofar time.Duration) time.Duration {
	k := f.known(c, trial)
	if k == nil {
		return max(usualCost(trial)-sofar, sofar/8)
	}
	var sum, n time.Duration
	for _, d := range k.took {
		if d > sofar {
			sum, n = sum+d-sofar, n+1
		}
	}
	if n == 0 {
		return sofar / 8
	}
	return sum / n
}

// repetition is how many slots times how much time a trial is expected to need
// for what will have to be measured again.
func (f *forecast) repetition(c *forecastCell, trial string) time.Duration {
	keys := c.keys(trial)
	for _, key := range keys[2:] { // it hangs on the machine, not on the path
		if k := f.costs[key]; k != nil && k.count >= 8 {
			return k.again / time.Duration(k.count)
		}
	}
	return 0
}
