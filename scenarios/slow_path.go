package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// A path of little bandwidth holds nothing back and loses nothing: what is
// large takes its time.
const (
	// trickle is the least that must have come in while no message did for the
	// rest to be on its way: more than heartbeats are.
	trickle = 512
	// drainedLeast are enough messages of at least drainedBytes each, one behind
	// the other, to know a rate by.
	drainedLeast = 3
	drainedBytes = 512
)

// counted lets the client count the bytes of a subscription, if it can.
func (b *Bench) counted(sub measure.Subscription) *measure.Wire {
	counter, ok := b.Client.(measure.Counter)
	if !ok || counter.CanCount(sub) != nil {
		return nil
	}
	return new(measure.Wire)
}

// in is what has come in so far, 0 where nobody counts.
func (x *exchange) in() int64 {
	if x.wire == nil {
		return 0
	}
	return x.wire.In.Load()
}

// underWay reports whether what came in since the client's events were counted
// last is part of a message: it belongs to an answer that had begun before and
// has not ended. Clients that come back all the time are answered all the time.
func (x *exchange) underWay(grown int64, counted int) bool {
	if grown < trickle {
		return false
	}
	events := x.log.all()
	news := func(e measure.Event) bool { return e.Kind != measure.Received && e.Kind != measure.Prelude }
	if slices.ContainsFunc(events[counted:], news) {
		return false
	}
	for _, e := range slices.Backward(events) {
		if e.Kind == measure.Headers || e.Kind == measure.End || e.Kind == measure.Failed {
			return e.Kind == measure.Headers
		}
	}
	return false
}

// slowPath explains messages that were still on their way when the trial ended.
func slowPath(e *Evidence) (diagnosis, bool) {
	if e.Rate == 0 {
		return diagnosis{}, false
	}
	return diagnosis{
		cause: "unknown", got: fmt.Sprintf("the rest was on its way when this ended: the path passes about %.0f bytes a second", e.Rate),
		values: map[string]float64{"rate_bytes_per_s": e.Rate},
	}, true
}

// drained recognises messages that waited for nothing but for what weighs on the
// path before them: each piece took a time that goes with its size. It returns
// bytes per second; 0 when that is not what happened.
func drained(e *Evidence, polls bool) float64 {
	pieces := batches(e.Arrivals())
	if !polls {
		pieces = singly(pieces)
	}
	var rates []float64
	var longest time.Duration
	together := 0 // with the one before
	for i, p := range pieces {
		began := p.arrivals[len(p.arrivals)-1].Had
		if i > 0 && pieces[i-1].at.After(began) {
			began = pieces[i-1].at
		}
		if head := headBefore(e, p.arrivals[0].At); polls && head.After(began) {
			began = head
		}
		took := p.at.Sub(began)
		if p.bytes < drainedBytes {
			continue
		}
		if took < time.Millisecond {
			together++
			continue
		}
		rates = append(rates, float64(p.bytes)/took.Seconds())
		longest = max(longest, took)
	}
	if len(rates) < drainedLeast || together*4 > len(rates) || longest < 2*triggered {
		return 0
	}
	slices.Sort(rates)
	if low, high := rates[len(rates)/4], rates[len(rates)*3/4]; high > 1.5*low {
		return 0
	}
	return rates[len(rates)/2]
}

// singly parts batches into their messages.
func singly(bs []batch) []batch {
	var out []batch
	for _, b := range bs {
		for _, a := range b.arrivals {
			out = append(out, batch{arrivals: []Arrival{a}, at: a.At, bytes: a.size()})
		}
	}
	return out
}

// headBefore is when the last response head before t came.
func headBefore(e *Evidence, t time.Time) time.Time {
	var last time.Time
	for _, h := range e.Headers() {
		if at := time.UnixMicro(h.T); at.Before(t) {
			last = at
		}
	}
	return last
}
