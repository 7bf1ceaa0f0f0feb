package reference

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
)

var errBusy = errors.New("all workers are busy and the queue is full")

// workers are the threads of a thread-per-request server, as tokens. A nil
// *workers has no limit.
type workers struct {
	slots   chan struct{} // holds a token for each busy worker
	queue   int64
	waiting atomic.Int64
}

func newWorkers(c Config) *workers {
	if c.Workers == 0 {
		return nil
	}
	return &workers{slots: make(chan struct{}, c.Workers), queue: int64(c.WorkersQueue)}
}

// enter takes a slot, first come first served, and returns what gives it back.
// The error is errBusy, or the context's when the client left the queue. When
// draining is closed nobody waits any more: the request goes on without a slot
// and is told to come back.
func (p *workers) enter(ctx context.Context, draining <-chan struct{}) (leave func(), err error) {
	if p == nil {
		return func() {}, nil
	}
	leave = func() { <-p.slots }
	select {
	case p.slots <- struct{}{}:
		return leave, nil
	default:
	}
	if p.waiting.Add(1) > p.queue {
		p.waiting.Add(-1)
		return nil, errBusy
	}
	defer p.waiting.Add(-1)
	select {
	case p.slots <- struct{}{}:
		return leave, nil
	case <-draining:
		return func() {}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// count returns how many slots there are (0 without a limit), how many are in
// use, and how many requests wait for one.
func (p *workers) count() (slots, busy, waiting int64) {
	if p == nil {
		return 0, 0, 0
	}
	return int64(cap(p.slots)), int64(len(p.slots)), p.waiting.Load()
}

// outsideWorkers reports whether a path is served without a slot: by them the
// origin is told what to do and asked what happened.
func outsideWorkers(path string) bool {
	return path == "/publish" || path == "/metrics" || strings.HasPrefix(path, "/record/") || strings.HasPrefix(path, "/self-test/")
}
