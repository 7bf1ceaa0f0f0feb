package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// timeline collects the events of all trials in the order of the checks that
// judged them, each in time order and counted from the start of the cell, and
// notes that start in the check records.
func (o outcome) timeline(started time.Time) []measure.Event {
	for _, c := range o.checks {
		if c.StartedUS != 0 && c.StartedUS < started.UnixMicro() {
			started = time.UnixMicro(c.StartedUS)
		}
	}
	for i := range o.checks {
		if o.checks[i].StartedUS != 0 {
			o.checks[i].StartedUS = started.UnixMicro()
		}
	}
	offsets := map[string]int64{}
	var order []string
	for _, c := range o.checks {
		for _, k := range c.Clocks {
			offsets[k.ID] = k.OffsetUS
		}
		if !slices.Contains(order, c.Trial) {
			order = append(order, c.Trial)
		}
	}
	var out []measure.Event
	for _, name := range slices.SortedFunc(maps.Keys(o.evidence), func(a, b string) int {
		return cmp.Or(rank(order, a)-rank(order, b), strings.Compare(a, b))
	}) {
		for i, p := range o.evidence[name].exchanges() {
			trial := name
			if i > 0 {
				trial = fmt.Sprintf("%s-%d", name, i+1)
				if p.Part != "" {
					trial = name + "-" + p.Part
				}
			}
			events := slices.Concat(p.Origin, p.Client)
			slices.SortStableFunc(events, func(a, b measure.Event) int { return cmp.Compare(a.T, b.T) })
			for _, ev := range events {
				ev.Trial = trial
				ev.T -= started.UnixMicro() + offsets[ev.Clock] // a file has each source's own clock
				out = append(out, ev)
			}
		}
	}
	return out
}

// rank is the place of a name in an order, behind its end when it is not there.
func rank(order []string, name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}
