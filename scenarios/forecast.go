package scenarios

import (
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// forecast estimates how long a run will still take. It keeps what trials have
// cost so far and plays what is left through the runner's own queues, so that
// the last cells, which run with few neighbours, count as they will. It is not
// safe for concurrent use.
type forecast struct {
	slots  int64
	places map[string]int // subscriptions at once, per client that has a limit
	cells  []*forecastCell
	byID   map[string]*forecastCell
	costs  map[costKey]*cost
	turn   int // counts what lines up
}

// forecastCell is one cell with its repetitions.
type forecastCell struct {
	after   *forecastCell // its first measurement goes before this cell; nil does not wait
	whole   bool          // all of after's measurements do
	path    string
	client  string
	class   measure.Class
	trials  []string
	rounds  int                       // measurements, the one under way included
	control bool                      // the first of them has ended
	over    bool                      // all have
	now     map[string]*forecastTrial // of the measurement under way; what is not in it has not asked yet
}

// forecastTrial is one trial of the measurement under way.
type forecastTrial struct {
	state  trialState
	turn   int // in the line it stands in
	weight int64
	since  time.Time // when it began
}

type trialState int

const (
	trialAsks   trialState = iota // for a place of its client
	trialQueues                   // for slots
	trialRuns
	trialOver
)

// waits reports whether the cell cannot begin yet.
func (c *forecastCell) waits() bool {
	return c.after != nil && !c.after.over && (c.whole || !c.after.control)
}

// trial notes where a trial is now and how many slots it wants or has.
func (f *forecast) trial(id, name string, s trialState, weight int64, at time.Time) {
	c := f.byID[id]
	if c == nil {
		return
	}
	f.turn++
	c.now[name] = &forecastTrial{state: s, turn: f.turn, weight: weight, since: at}
}

// ended notes what a trial took, and whether it had been measured before in
// this round.
func (f *forecast) ended(id, name string, again bool, took time.Duration) {
	c := f.byID[id]
	if c == nil || c.now[name] == nil {
		return
	}
	weight := c.now[name].weight
	c.now[name] = &forecastTrial{state: trialOver}
	for _, key := range c.keys(name) {
		if f.costs[key] == nil {
			f.costs[key] = new(cost)
		}
		f.costs[key].add(again, weight, took)
	}
}

// roundEnded notes that one of a cell's measurements is over.
func (f *forecast) roundEnded(id string) {
	if c := f.byID[id]; c != nil {
		c.rounds--
		c.control, c.over = true, c.rounds <= 0
		clear(c.now)
	}
}

// cellEnded notes that nothing of a cell is left to do.
func (f *forecast) cellEnded(id string) {
	if c := f.byID[id]; c != nil {
		c.over = true
	}
}
