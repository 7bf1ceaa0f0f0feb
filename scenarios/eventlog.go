package scenarios

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// eventLog collects the events of one client and lets a trial wait for them.
type eventLog struct {
	mu      sync.Mutex
	events  []measure.Event
	changed chan struct{} // closed and replaced at each append
}

func newEventLog() *eventLog { return &eventLog{changed: make(chan struct{})} }

func (l *eventLog) add(e measure.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Side = measure.SideClient
	l.events = append(l.events, e)
	close(l.changed)
	l.changed = make(chan struct{})
}

// from is a sink for what a client sees, which puts it on the coordinator's
// clock.
func (l *eventLog) from(c measure.Client) func(measure.Event) {
	id := c.Clock().ID
	return func(e measure.Event) {
		e.Clock = id
		e.T += c.Clock().OffsetUS
		l.add(e)
	}
}

func (l *eventLog) all() []measure.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// wait blocks until done says so, at most for limit, and reports whether it
// did. It also returns when ctx ends or stop is closed.
func (l *eventLog) wait(ctx context.Context, limit time.Duration, stop <-chan struct{}, done func([]measure.Event) bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		l.mu.Lock()
		ok, changed := done(l.events), l.changed
		l.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-stop:
			return done(l.all())
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// has returns a condition: some event is of this kind.
func has(kind measure.EventKind) func([]measure.Event) bool {
	return func(events []measure.Event) bool {
		return slices.ContainsFunc(events, func(e measure.Event) bool { return e.Kind == kind })
	}
}
