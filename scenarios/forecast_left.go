package scenarios

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"
	"time"
)

// left is how long the run will still take from now on.
func (f *forecast) left(now time.Time) time.Duration {
	p := &playout{
		f: f, free: f.slots, freePlaces: map[string]int{}, waiting: map[string][]playoutTrial{},
		open: map[*forecastCell]int{}, rounds: map[*forecastCell]int{},
	}
	maps.Copy(p.freePlaces, f.places)
	p.resume(now)
	for p.start(); len(p.running) > 0; p.start() {
		next := heap.Pop(&p.running).(playoutTrial)
		p.at = next.ends
		p.ended(next)
	}
	return p.at
}

// playout plays what is left of a run: trials take a place of their client,
// then slots, first come, first served.
type playout struct {
	f          *forecast
	at         time.Duration // from now
	free       int64         // slots
	freePlaces map[string]int
	waiting    map[string][]playoutTrial // for a place, by client
	queue      []playoutTrial            // for slots
	running    playoutHeap
	open       map[*forecastCell]int // trials of the round under way that have not ended
	rounds     map[*forecastCell]int // left to begin
	blocked    []*forecastCell       // that wait for another cell
	owed       time.Duration         // slots times time of measuring again, not played yet
}

type playoutTrial struct {
	cell   *forecastCell // nil is something measured again
	name   string
	turn   int
	weight int64
	takes  time.Duration
	ends   time.Duration
}

// resume takes up the run where it is: what runs, then what waits, each line
// in its order, then what has not lined up yet, in the order of the matrix.
func (p *playout) resume(now time.Time) {
	for _, c := range p.f.cells {
		for name, t := range c.now {
			one := playoutTrial{cell: c, name: name, turn: t.turn, weight: t.weight, takes: p.f.full(c, name)}
			_, limited := p.f.places[c.client]
			switch state := t.state; {
			case state == trialOver:
				continue
			case state == trialRuns:
				one.ends = p.f.rest(c, name, max(0, now.Sub(t.since)))
				p.free -= t.weight
				p.freePlaces[c.client]--
				heap.Push(&p.running, one)
			case state == trialQueues || !limited:
				p.freePlaces[c.client]--
				p.queue = append(p.queue, one)
			default:
				p.waiting[c.client] = append(p.waiting[c.client], one)
			}
			p.open[c]++
		}
	}
	byTurn := func(a, b playoutTrial) int { return cmp.Compare(a.turn, b.turn) }
	slices.SortFunc(p.queue, byTurn)
	for _, line := range p.waiting {
		slices.SortFunc(line, byTurn)
	}
	for _, c := range p.f.cells {
		switch {
		case c.over:
			continue
		case c.waits():
			p.blocked = append(p.blocked, c)
			continue
		}
		p.rounds[c] = c.rounds - 1
		p.lineUp(c, c.now)
	}
}

// lineUp has the trials of a round ask for their places, but for those that
// have.
func (p *playout) lineUp(c *forecastCell, have map[string]*forecastTrial) {
	for _, name := range c.trials {
		if have[name] != nil {
			continue
		}
		p.open[c]++
		t := playoutTrial{cell: c, name: name, takes: p.f.full(c, name), weight: slotsOf(name)}
		if _, limited := p.f.places[c.client]; limited {
			p.waiting[c.client] = append(p.waiting[c.client], t)
		} else {
			p.queue = append(p.queue, t)
		}
	}
	if p.open[c] == 0 {
		p.roundOver(c)
	}
}

// start gives places and slots to as many as there are for.
func (p *playout) start() {
	for _, client := range slices.Sorted(maps.Keys(p.f.places)) {
		line := p.waiting[client]
		for len(line) > 0 && p.freePlaces[client] > 0 {
			p.queue = append(p.queue, line[0])
			p.freePlaces[client]--
			line = line[1:]
		}
		p.waiting[client] = line
	}
	p.queue = slices.DeleteFunc(p.queue, func(t playoutTrial) bool {
		if t.weight == 0 {
			p.begin(t)
		}
		return t.weight == 0
	})
	for len(p.queue) > 0 && p.free >= p.queue[0].weight {
		t := p.queue[0]
		p.queue = p.queue[1:]
		p.begin(t)
	}
}

func (p *playout) begin(t playoutTrial) {
	p.free -= t.weight
	t.ends = p.at + t.takes
	heap.Push(&p.running, t)
}

// slotsOf is how many slots a trial takes the first time: one that mostly waits
// takes none.
func slotsOf(name string) int64 {
	if name == lastingName {
		return 0
	}
	return 1
}

// ended frees what a trial held. What will have to be measured again is
// collected until it makes a measurement of a second attempt's width.
func (p *playout) ended(t playoutTrial) {
	p.free += t.weight
	if t.cell == nil {
		return
	}
	p.freePlaces[t.cell.client]++
	p.owed += p.f.repetition(t.cell, t.name)
	if weight := max(1, p.f.slots/6); p.owed >= time.Duration(weight)*t.takes && t.takes > 0 {
		p.owed -= time.Duration(weight) * t.takes
		p.queue = append(p.queue, playoutTrial{weight: weight, takes: t.takes})
	}
	if p.open[t.cell]--; p.open[t.cell] == 0 {
		p.roundOver(t.cell)
	}
}

// roundOver begins a cell's next round, and lets those begin that waited for
// the cell.
func (p *playout) roundOver(c *forecastCell) {
	over := p.rounds[c] == 0
	blocked := p.blocked
	p.blocked = nil
	for _, b := range blocked {
		if b.after != c || b.whole && !over {
			p.blocked = append(p.blocked, b)
			continue
		}
		p.rounds[b] = b.rounds - 1
		p.lineUp(b, nil)
	}
	if !over {
		p.rounds[c]--
		p.lineUp(c, nil)
	}
}

// playoutHeap has the trial that ends first in front.
type playoutHeap []playoutTrial

func (h playoutHeap) Len() int           { return len(h) }
func (h playoutHeap) Less(i, j int) bool { return h[i].ends < h[j].ends }
func (h playoutHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *playoutHeap) Push(x any)        { *h = append(*h, x.(playoutTrial)) }

// Pop removes the last element; see container/heap.
func (h *playoutHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
