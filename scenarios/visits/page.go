package visits

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

const (
	// openWithin is how long a page waits for a sign of an exchange of which
	// the origin knows nothing either.
	openWithin = 10 * time.Second
	// Events of one exchange and of a whole visit: a page that reports more was
	// not written here.
	orderEvents = 1_000
	visitEvents = 10_000
)

var errGone = errors.New("the browser went away")

// page is a browser far away as a client: what it is to do waits for its next
// word, and its words are events.
type page struct {
	name   string
	cannot map[string]string // techniques that this browser has no means for, and why
	clock  measure.Clock
	origin scenarios.Origin
	pin    []int         // of the server's certificate
	gone   chan struct{} // closed when it is given up

	mu     sync.Mutex
	orders map[int]*order
	last   int // number of the last order
	events int
	seq    int // of the last batch of events
	heard  time.Time
}

var _ measure.Client = (*page)(nil)

// order is one subscription that the page is to carry out.
type order struct {
	work
	sink   func(measure.Event)
	events int
	opened bool
	done   chan struct{} // closed when the page has done with it
	err    error
}

func newPage(name string, b beginning, c Config) *page {
	p := &page{
		name: name, cannot: b.Cannot, origin: c.Origin, pin: pinOf(c.Pinned), gone: make(chan struct{}), orders: map[int]*order{}, heard: time.Now(),
		clock: measure.Clock{ID: "page", OffsetUS: b.OffsetUS, BoundUS: b.BoundUS},
	}
	if !c.HTTP3 && p.cannot["webtransport"] == "" {
		p.cannot["webtransport"] = "the server was started without HTTP/3, which WebTransport runs over"
	}
	return p
}

// Name is visitor:BROWSER.
func (p *page) Name() string { return p.name }

// Clock is the page's, as it compared it with the server's.
func (p *page) Clock() measure.Clock { return p.clock }

// Close has nothing to free: the browser is somebody else's.
func (p *page) Close() error { return nil }

// Supports repeats what the page said of its browser. It asks for each
// technique in its usual form alone.
func (p *page) Supports(s measure.Subscription) error {
	if why := p.cannot[s.Technique]; why != "" {
		return errors.New(why)
	}
	if t := s.Target; s.Variant != "" || s.Stream != nil || t.Method != "" || len(t.Header) > 0 || len(t.Body) > 0 {
		return errors.New("the page asks in the usual form only")
	}
	return nil
}

// Subscribe has the page subscribe, and returns when it has done, when ctx
// ends, or when nothing ever came of it.
func (p *page) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	u, err := url.Parse(s.Target.URL)
	if err != nil {
		return fmt.Errorf("parse target: %w", err)
	}
	o := p.give(workOf(s, u, p.pin), sink)
	defer p.takeBack(o)
	patience := time.NewTimer(openWithin)
	defer patience.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.gone:
			return errGone
		case <-o.done:
			return o.err
		case <-patience.C:
			if !p.started(ctx, o, u.Query().Get("channel")) {
				return nil // the request is on nobody's record
			}
		}
	}
}

// started reports whether an exchange has begun at either end.
func (p *page) started(ctx context.Context, o *order, channel string) bool {
	p.mu.Lock()
	opened := o.opened
	p.mu.Unlock()
	if opened {
		return true
	}
	events, _, err := p.origin.Record(ctx, channel, 0, 0)
	return err != nil || hasKind(events, measure.Headers)
}

func hasKind(events []measure.Event, kind measure.EventKind) bool {
	for _, e := range events {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

func (p *page) give(w work, sink func(measure.Event)) *order {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	w.Order = p.last
	o := &order{work: w, sink: sink, done: make(chan struct{})}
	p.orders[w.Order] = o
	return o
}

// takeBack makes sure that no event follows.
func (p *page) takeBack(o *order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.orders, o.Order)
}

// hear takes what the page has to say, once: a batch that was sent again
// because its answer got lost is known by its number.
func (p *page) hear(seq int, sights []sight, done []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = time.Now()
	if seq <= p.seq {
		return
	}
	p.seq = seq
	for _, s := range sights {
		o := p.orders[s.Order]
		if o == nil || o.err != nil {
			continue // it has been taken back meanwhile
		}
		o.events++
		p.events++
		if o.events > orderEvents || p.events > visitEvents {
			o.err = fmt.Errorf("the page reports more than %d events", orderEvents)
			close(o.done)
			continue
		}
		e := s.event()
		o.opened = o.opened || e.Kind == measure.Headers || e.Kind == measure.Prelude || e.Kind == measure.Received
		o.sink(e)
	}
	for _, number := range done {
		if o := p.orders[number]; o != nil && o.err == nil {
			delete(p.orders, number)
			close(o.done)
		}
	}
}

// works lists what the page is to do now, in the order of giving.
func (p *page) works() []work {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []work{}
	for number := 1; number <= p.last; number++ {
		if o := p.orders[number]; o != nil && o.err == nil {
			out = append(out, o.work)
		}
	}
	return out
}

// watch gives the page up when nothing was heard of it for too long.
func (p *page) watch(ctx context.Context, patience time.Duration, giveUp func()) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		p.mu.Lock()
		silent := time.Since(p.heard)
		p.mu.Unlock()
		if silent >= patience {
			close(p.gone)
			giveUp()
			return
		}
		timer.Reset(patience - silent)
	}
}
