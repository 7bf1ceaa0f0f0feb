package reports

import (
	"cmp"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Limits that keep a drawn timeline readable and small.
const (
	maxMessages = 80 // messages drawn per trial
	maxMarks    = 80 // other marks of a kind drawn per side and trial
	maxTrials   = 12 // trials drawn per cell
)

// chart is the timeline of one trial: what the origin sent and when, and when
// it arrived. Times are in microseconds from the trial's first event, on the
// coordinator's clock.
type chart struct {
	trial    string
	span     float64 // of the whole trial
	messages []message
	marks    []event
	onConns  []event            // what the client saw on a numbered connection
	all      []event            // in order
	known    bool               // what the origin sent is on record
	limits   measure.Thresholds // of delay; zero fields are the usual ones
}

// message is one message id on its way.
type message struct {
	id       string
	sent     float64 // published, or written where no publish is on record
	hasSent  bool
	writes   []float64
	arrivals []float64
}

// lost reports a message that the origin sent and no client saw.
func (m message) lost() bool { return m.hasSent && len(m.arrivals) == 0 }

// delay is from sending to the first arrival, in microseconds.
func (m message) delay() (float64, bool) {
	if !m.hasSent || len(m.arrivals) == 0 {
		return 0, false
	}
	return m.arrivals[0] - m.sent, true
}

// event is a mark on one side: all that is not a message.
type event struct {
	measure.Event
	at float64
}

// charts orders the events of a cell into trials. Clocks give the offset of
// each source.
func charts(events []measure.Event, clocks []measure.Clock) []chart {
	offsets := map[string]int64{}
	for _, c := range clocks {
		offsets[c.ID] = c.OffsetUS
	}
	trials := map[string][]event{}
	var order []string
	for _, e := range events {
		if trials[e.Trial] == nil {
			order = append(order, e.Trial)
		}
		trials[e.Trial] = append(trials[e.Trial], event{e, float64(e.T) + float64(offsets[e.Clock])})
	}
	out := make([]chart, 0, len(order))
	for _, trial := range order {
		out = append(out, newChart(trial, trials[trial]))
	}
	return out
}

func newChart(trial string, events []event) chart {
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	c := chart{trial: trial}
	start := events[0].at
	at := map[string]int{}
	find := func(id string) *message {
		i, ok := at[id]
		if !ok {
			i = len(c.messages)
			at[id], c.messages = i, append(c.messages, message{id: id})
		}
		return &c.messages[i]
	}
	published := map[string]bool{}
	for _, e := range events {
		e.at -= start
		c.span = max(c.span, e.at)
		c.all = append(c.all, e)
		if e.Side == measure.SideClient && e.Conn > 0 {
			c.onConns = append(c.onConns, e)
		}
		switch e.Kind {
		case measure.Publish:
			m := find(e.ID)
			if !published[e.ID] { // also replaces a write that a clock put before it
				m.sent, m.hasSent, published[e.ID] = e.at, true, true
			}
			c.known = true
		case measure.Write:
			if e.ID == "" { // a prelude, a notice, or something that the client sent up
				continue
			}
			m := find(e.ID)
			if !m.hasSent {
				m.sent, m.hasSent = e.at, true
			}
			m.writes, c.known = append(m.writes, e.at), true
		case measure.Received:
			if e.Side == measure.SideOrigin { // something that came up
				continue
			}
			if e.ID == "" { // an application's message without a number stands alone
				c.messages = append(c.messages, message{arrivals: []float64{e.at}})
				continue
			}
			m := find(e.ID)
			m.arrivals = append(m.arrivals, e.at)
		default:
			c.marks = append(c.marks, e)
		}
	}
	c.messages = slices.DeleteFunc(c.messages, func(m message) bool { return !m.hasSent && len(m.arrivals) == 0 })
	return c
}

// thin picks at most n elements, evenly, the first and the last among them.
func thin[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	out := make([]T, n)
	for i := range out {
		out[i] = list[i*(len(list)-1)/(n-1)]
	}
	return out
}
