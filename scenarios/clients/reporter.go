package clients

import (
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// reporter hands events to a sink, one at a time, until it is closed: a dialler
// may still be at work when the reader is done.
type reporter struct {
	mu     sync.Mutex
	sink   func(measure.Event)
	clock  string
	closed bool
}

// now is the stamp of events, in Unix microseconds.
func now() int64 { return time.Now().UnixMicro() }

// emit reports e, stamped now unless it has a stamp.
func (r *reporter) emit(e measure.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	e.Side, e.Clock = measure.SideClient, r.clock
	if e.T == 0 {
		e.T = now()
	}
	r.sink(e)
}

// close waits for a sink call under way and drops all later events.
func (r *reporter) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
}
