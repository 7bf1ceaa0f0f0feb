package scenarios

import (
	"context"
	"sync"
	"time"
)

// How an origin is watched beside the trials: it is asked an ordinary question
// again and again, which never goes along a path. One that keeps it waiting for
// longer than busyAfter has no place for anybody.
const (
	watchPause = 500 * time.Millisecond
	busyAfter  = time.Second
	watchWait  = 10 * time.Second
)

// prober is an origin that can be asked whether it serves anybody.
type prober interface{ probe(context.Context) error }

// originWatch knows when the origin did not serve.
type originWatch struct {
	mu    sync.Mutex
	busy  []span
	asked time.Time // of the question under way, zero when there is none
}

type span struct{ from, to time.Time }

// watchOrigin watches the run's origin until stop is called, which waits for the
// end of that. An application is not asked what the run was not told to.
func (r *runner) watchOrigin(ctx context.Context) (stop func()) {
	p, ok := r.opt.Origin.(prober)
	if !ok {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { r.watch.run(ctx, p) })
	return func() {
		cancel()
		done.Wait()
	}
}

// run asks until ctx ends.
func (w *originWatch) run(ctx context.Context, origin prober) {
	for ctx.Err() == nil {
		asked := time.Now()
		w.set(asked)
		within, cancel := context.WithTimeout(ctx, watchWait)
		err := origin.probe(within)
		cancel()
		w.answered(asked, time.Now(), err != nil && ctx.Err() == nil)
		if sleepUntil(ctx, time.Now().Add(watchPause)) != nil {
			return
		}
	}
}

func (w *originWatch) set(asked time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = asked
}

func (w *originWatch) answered(asked, at time.Time, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = time.Time{}
	if !failed && at.Sub(asked) <= busyAfter {
		return
	}
	if n := len(w.busy); n > 0 && asked.Sub(w.busy[n-1].to) <= 2*watchPause {
		w.busy[n-1].to = at // the same shortage
		return
	}
	w.busy = append(w.busy, span{asked, at})
}

// busyDuring is for how long of this time the origin served nobody.
func (w *originWatch) busyDuring(from, to time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.busy
	if now := time.Now(); !w.asked.IsZero() && now.Sub(w.asked) > busyAfter {
		all = append(all[:len(all):len(all)], span{w.asked, now})
	}
	var sum time.Duration
	for _, s := range all {
		begin, end := s.from, s.to
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		sum += max(0, end.Sub(begin))
	}
	return sum
}
