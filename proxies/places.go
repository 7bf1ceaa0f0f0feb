package proxies

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// places are how many may be served at once, for each key by itself. Whoever
// waits for one gets it in turn.
type places struct {
	max  int
	wait bool // one more waits, and is not refused

	mu sync.Mutex
	by map[string]*queue
}

// queue is the state of one key.
type queue struct {
	taken   int
	waiting []chan struct{} // closed when the place is theirs
}

var errFull = errors.New("too many connections")

// take takes a place, or waits for one until ctx ends, or fails with errFull.
// The place is given back by leave, which may be called more than once.
func (p *places) take(ctx context.Context, key string) (leave func(), err error) {
	p.mu.Lock()
	if p.by == nil {
		p.by = map[string]*queue{}
	}
	q := p.by[key]
	if q == nil {
		q = &queue{}
		p.by[key] = q
	}
	leave = sync.OnceFunc(func() { p.leave(key, q) })
	if q.taken < p.max {
		q.taken++
		p.mu.Unlock()
		return leave, nil
	}
	if !p.wait {
		p.forget(key, q)
		p.mu.Unlock()
		return nil, errFull
	}
	turn := make(chan struct{})
	q.waiting = append(q.waiting, turn)
	p.mu.Unlock()
	select {
	case <-turn:
		return leave, nil
	case <-ctx.Done():
		p.giveUp(key, q, turn)
		return nil, context.Cause(ctx)
	}
}

// free reports whether a place could be had at once.
func (p *places) free(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.by[key]
	return q == nil && p.max > 0 || q != nil && q.taken < p.max
}

func (p *places) leave(key string, q *queue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(q.waiting) > 0 {
		close(q.waiting[0]) // the place changes hands
		q.waiting = q.waiting[1:]
		return
	}
	q.taken--
	p.forget(key, q)
}

// giveUp leaves the queue, or the place that was given in the last moment.
func (p *places) giveUp(key string, q *queue, turn chan struct{}) {
	p.mu.Lock()
	i := slices.Index(q.waiting, turn)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		p.forget(key, q)
	}
	p.mu.Unlock()
	if i < 0 {
		p.leave(key, q)
	}
}

// forget drops what is kept of a key that nobody uses. The lock is held.
func (p *places) forget(key string, q *queue) {
	if q.taken == 0 && len(q.waiting) == 0 {
		delete(p.by, key)
	}
}
