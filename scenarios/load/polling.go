package load

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// polling is a crowd of polling subscribers driven by vegeta: it hands out one
// request per idle subscriber and reads each answer to see who got what.
type polling struct {
	o        Options
	name     string // of its channels
	attacker *vegeta.Attacker
	crowd    []*subscriber
	idle     chan *subscriber
	ctx      context.Context // of all requests; ends at stop
	cancel   context.CancelFunc
	finished chan struct{} // the attack is over and its results are counted
	started  time.Time
	opened   time.Duration // until every subscriber had asked

	dials, open, asked, delivered, failed atomic.Int64
	failure                               atomic.Pointer[string] // the last one

	mu       sync.Mutex
	delay    *hdrhistogram.Histogram // us from due to parsed
	spans    map[string]*span        // by message id
	doubled  int
	disorder int
	metrics  vegeta.Metrics // of requests; written by the collector only
}

// span is when a message reached its first and its last subscriber, in Unix
// microseconds.
type span struct{ first, last int64 }

// subscriber is one poller. It is in the idle channel or in one request, never
// in both, so it needs no lock.
type subscriber struct {
	number, channel int
	after           string
	seq             int64
}

// maxDelayUS is the longest delay the histogram tells apart: ten minutes.
const maxDelayUS = int64(10 * time.Minute / time.Microsecond)

var errStopped = errors.New("stopped")

func newPolling(o Options) *polling {
	p := &polling{
		o: o, name: "load-" + strconv.FormatInt(time.Now().UnixNano(), 36),
		idle: make(chan *subscriber, o.Subscribers), finished: make(chan struct{}),
		delay: hdrhistogram.New(1, maxDelayUS, 3), spans: map[string]*span{},
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for i := range o.Subscribers {
		s := &subscriber{number: i, channel: i % o.Channels}
		p.crowd = append(p.crowd, s)
		p.idle <- s
	}
	workers := uint64(o.Subscribers)
	p.attacker = vegeta.NewAttacker(vegeta.Workers(workers), vegeta.MaxWorkers(workers),
		vegeta.Client(&http.Client{Transport: &reader{p: p, next: p.transport()}}))
	return p
}

// start begins to poll. Short polls are paced evenly so that each subscriber
// asks once an interval; held ones are paced by the origin, so vegeta may ask
// as soon as a subscriber is free.
func (p *polling) start() {
	p.started = time.Now()
	pace := vegeta.Rate{}
	if p.o.Technique.Class == measure.ClassPoll {
		pace = vegeta.Rate{Freq: p.o.Subscribers, Per: p.o.Interval}
	}
	results := p.attacker.Attack(p.target, pace, 0, p.o.Technique.Name)
	go func() {
		defer close(p.finished)
		for r := range results {
			if p.ctx.Err() == nil { // what stop cut off is no result
				p.metrics.Add(r)
			}
		}
		p.metrics.Close()
	}()
}

// target gives vegeta the next request: that of a subscriber who is free.
func (p *polling) target(t *vegeta.Target) error {
	select {
	case <-p.ctx.Done():
		return errStopped
	case s := <-p.idle:
		s.request(p, t)
		return nil
	}
}

// waitHeld waits until every subscriber has asked once.
func (p *polling) waitHeld(ctx context.Context) error {
	limit := time.Minute
	if p.o.Technique.Class == measure.ClassPoll {
		limit += p.o.Interval
	}
	err := p.until(ctx, limit, func() bool { return p.asked.Load() >= int64(p.o.Subscribers) })
	p.opened = time.Since(p.started)
	if errors.Is(err, errLate) {
		return errors.New("the subscribers were not all there after a minute; ask for fewer")
	}
	return err
}

// drain waits for what is still on its way: two intervals and 3 s at most.
func (p *polling) drain(ctx context.Context, want int64) {
	_ = p.until(ctx, 3*time.Second+2*p.o.Interval, func() bool { return p.delivered.Load() >= want })
}

var errLate = errors.New("too late")

// until looks at a counter until it is where it should be.
func (p *polling) until(ctx context.Context, limit time.Duration, done func() bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !done(); {
		if time.Now().After(end) {
			return errLate
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// stop ends the attack, cuts what is held and waits for the results.
func (p *polling) stop() {
	p.cancel()
	p.attacker.Stop()
	<-p.finished
}

// arrived counts one message at one subscriber.
func (p *polling) arrived(s *subscriber, id string, seq, dueUS, atUS int64) {
	p.delivered.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if dueUS > 0 {
		_ = p.delay.RecordValue(min(max(atUS-dueUS, 1), maxDelayUS)) // cannot be out of range
	}
	switch {
	case seq == s.seq:
		p.doubled++
	case seq < s.seq:
		p.disorder++
	}
	s.seq = max(s.seq, seq)
	sp := p.spans[id]
	if sp == nil {
		sp = &span{atUS, atUS}
		p.spans[id] = sp
	}
	sp.first, sp.last = min(sp.first, atUS), max(sp.last, atUS)
}
