package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// appName is the trial's name.
const appName = "app"

// Bounds of one exchange with an application.
const (
	mostHeard = 20_000           // events that are kept of one exchange
	endPause  = 2 * time.Second  // for the end of a stream that has brought all that was expected
	unsettled = 1 * time.Second  // what was sent so shortly before the end was forced may be under way
	leastWait = 10 * time.Second // for an answer, however short the duration is
)

// appTrial asks an application once and listens until it ends, has said all
// that is expected, or the duration of its spec is over.
func appTrial() Trial {
	return Trial{Name: appName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		switch o := b.Origin.(type) {
		case *appSite:
			return o.ask(ctx, b)
		case *Application:
			return o.rounds.of(ctx, b)
		}
		return nil, errors.New("this trial needs an application")
	}}
}

// ask is one exchange through the site's gateway.
func (s *appSite) ask(ctx context.Context, b *Bench) (*Evidence, error) {
	base := b.Route.Base
	if base == nil { // the forward proxy leads to the site itself
		base = s.URL()
	}
	target, err := s.Spec.Target(s.Spec.At(base))
	if err != nil {
		return nil, err
	}
	target.HTTP, target.RootsPEM = b.HTTP, b.RootsPEM
	if b.Route.Proxy != nil {
		target.Proxy = b.Route.Proxy.String()
	}
	e, err := listen(ctx, b.Client, s.Spec, target, s.gateway.Release)
	if err != nil {
		return nil, err
	}
	_ = s.gateway.Close() // it waits until all is recorded; a second Close finds nothing
	if err := s.gateway.Err(); errors.Is(err, app.ErrBudget) {
		return nil, err
	}
	e.Scale, e.Scalable = b.Scale, b.Scalable
	record, _, err := s.Record(ctx, "", 0, 0)
	if err != nil {
		return nil, err
	}
	e.hold(record, s.Spec.Framing == measure.FramingRaw)
	return e, nil
}

// listen asks once. release, if any, has the application end the exchange, so
// that a path lets go of what it holds.
func listen(ctx context.Context, client measure.Client, spec *app.Spec, target measure.Target, release func()) (*Evidence, error) {
	stream := spec.Stream()
	e := &Evidence{Trial: appName, Started: time.Now(), Scale: 1}
	log, messages, events := newEventLog(), atomic.Int64{}, atomic.Int64{}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	var failed error
	go func() {
		defer close(done)
		failed = client.Subscribe(ctx, measure.Subscription{Technique: measure.AppTechnique, Target: target, Stream: &stream}, func(ev measure.Event) {
			if events.Add(1) > mostHeard {
				return
			}
			ev.Note = spec.Redact(ev.Note)
			if ev.Kind == measure.Received {
				messages.Add(1)
			}
			log.add(ev)
		})
	}()
	enough := func([]measure.Event) bool {
		return spec.Expect.Messages > 0 && messages.Load() >= int64(spec.Expect.Messages) || events.Load() >= mostHeard
	}
	duration := time.Duration(spec.Duration)
	answered := func(evs []measure.Event) bool { return has(measure.Headers)(evs) || enough(evs) }
	log.wait(ctx, max(duration, leastWait), done, answered)
	if rest := time.Until(e.Started.Add(duration)); log.wait(ctx, max(0, rest), done, enough) {
		log.wait(ctx, endPause, done, has(measure.End))
	}
	select {
	case <-done:
	default:
		if release != nil && !enough(nil) {
			e.Released = time.Now()
			release()
			log.wait(ctx, releaseWait, done, has(measure.End))
		}
		select {
		case <-done:
		default:
			e.Left = time.Now()
		}
	}
	cancel()
	select {
	case <-done:
	case <-time.After(leaveWait):
		return nil, fmt.Errorf("client %s did not return within %s", client.Name(), leaveWait)
	}
	if failed != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("client %s: %w", client.Name(), failed)
	}
	e.Client = log.all()
	return e, nil
}

// hold puts what the gateway read along beside what the client saw: its record
// becomes the schedule.
func (e *Evidence) hold(record []measure.Event, raw bool) {
	e.Origin = record
	e.Attached = accepted(record)
	sub := 0
	for _, o := range record {
		if o.Kind == measure.Write {
			sub = o.Sub // of a request that was repeated, the last answer counts
		}
	}
	var sent []measure.Event
	for i, o := range record {
		switch {
		case o.Kind == measure.Write && o.Sub != sub:
			record[i].ID = "" // an answer that was thrown away
		case o.Kind == measure.Write:
			sent = append(sent, o)
		case o.Kind == measure.End && o.Sub == sub && e.Released.IsZero():
			e.Released = time.UnixMicro(o.T)
		}
	}
	if raw {
		e.Client = byOffset(sent, e.Client)
	} else {
		e.Client = aligned(sent, e.Client)
	}
	for _, o := range sent {
		e.Sent = append(e.Sent, Sent{ID: o.ID, Due: time.UnixMicro(o.T), Bytes: o.Bytes, Sum: o.Sum})
	}
	e.forgetUnsettled()
}

// forgetUnsettled drops what was sent so late, before we ended the exchange
// ourselves, that it may still have been under way.
func (e *Evidence) forgetUnsettled() {
	cut := e.Left
	if cut.IsZero() || !e.Released.IsZero() && e.Released.Before(cut) {
		cut = e.Released
	}
	if _, ended := e.originEnd(); ended || cut.IsZero() {
		return
	}
	arrived := map[string]bool{}
	for _, ev := range ofKind(e.Client, measure.Received) {
		arrived[ev.ID] = true
	}
	for n := len(e.Sent); n > 0 && !arrived[e.Sent[n-1].ID] && cut.Sub(e.Sent[n-1].Due) < unsettled; n-- {
		e.Sent = e.Sent[:n-1]
	}
}

// originEnd is the end that the application itself made.
func (e *Evidence) originEnd() (measure.Event, bool) {
	ends := ofKind(e.Origin, measure.End)
	if len(ends) == 0 {
		return measure.Event{}, false
	}
	return ends[len(ends)-1], true
}

// aligned gives the messages that arrived the ids of those that were sent, by
// their content and order.
func aligned(sent, client []measure.Event) []measure.Event {
	next, extra := 0, 0
	find := func(from, to int, sum string) int {
		for i := from; i < to; i++ {
			if sent[i].Sum == sum {
				return i
			}
		}
		return -1
	}
	for i := range client {
		ev := &client[i]
		if ev.Kind != measure.Received {
			continue
		}
		at := find(next, len(sent), ev.Sum)
		switch {
		case at >= 0:
			next = at + 1
		case find(0, next, ev.Sum) >= 0:
			at = find(0, next, ev.Sum)
		case next < len(sent): // it stands where another one should
			at = next
			next++
		default:
			extra++
			ev.ID = "extra-" + strconv.Itoa(extra)
			continue
		}
		ev.ID = sent[at].ID
	}
	return client
}

// byOffset says when the last byte of each piece that was sent had arrived,
// for framings without delimiters: both ends cut as they please.
func byOffset(sent, client []measure.Event) []measure.Event {
	var out []measure.Event
	next, need, have := 0, 0, 0
	if len(sent) > 0 {
		need = sent[0].Bytes
	}
	for _, ev := range client {
		if ev.Kind != measure.Received {
			out = append(out, ev)
			continue
		}
		for have += ev.Bytes; next < len(sent) && have >= need; {
			ev.ID, ev.Bytes, ev.Sum = sent[next].ID, sent[next].Bytes, ""
			out = append(out, ev)
			if next++; next < len(sent) {
				need += sent[next].Bytes
			}
		}
	}
	return out
}
