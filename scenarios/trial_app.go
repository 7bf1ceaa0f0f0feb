package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
			e, err := o.ask(ctx, b, false)
			if err == nil {
				err = tooBusy(e)
			}
			return e, err
		case *Application:
			return o.rounds.of(ctx, b)
		}
		return nil, errors.New("this trial needs an application")
	}}
}

// ask is one exchange through the site's gateway; look leaves with the first
// message.
func (s *appSite) ask(ctx context.Context, b *Bench, look bool) (*Evidence, error) {
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
	e, err := listener{client: b.Client, spec: s.Spec, release: s.gateway.Release, look: look}.listen(ctx, target)
	if err != nil {
		return nil, err
	}
	_ = s.gateway.Close() // it waits until all is recorded; a second Close finds nothing
	if err := s.gateway.Err(); err != nil {
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

// tooBusy is the error of an exchange that the application refused because it
// was asked too much: that says nothing about the path.
func tooBusy(e *Evidence) error {
	asked, ok := e.refusedItself()
	if !ok || lacked(e) != "" || !noPlace(asked.Status) {
		return nil
	}
	return fmt.Errorf("the application itself answered status %d %s, which says nothing about the path; ask it later, or less at once (--parallel 1)", asked.Status, http.StatusText(asked.Status))
}

// listener is how one exchange is heard.
type listener struct {
	client  measure.Client
	spec    *app.Spec
	release func() // has the application end it, so that a path lets go of what it holds; nil where nobody can
	look    bool   // the first message is enough
}

// listen asks once.
func (l listener) listen(parent context.Context, target measure.Target) (*Evidence, error) {
	stream := l.spec.Stream()
	e := &Evidence{Trial: appName, Started: time.Now(), Scale: 1}
	log, messages, events := newEventLog(), atomic.Int64{}, atomic.Int64{}
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	done := make(chan struct{})
	var failed error
	go func() {
		defer close(done)
		failed = l.client.Subscribe(ctx, measure.Subscription{Technique: measure.AppTechnique, Target: target, Stream: &stream}, func(ev measure.Event) {
			if events.Add(1) > mostHeard {
				return
			}
			if ev.Kind == measure.Received {
				messages.Add(1)
			}
			log.add(ev)
		})
	}()
	full := func([]measure.Event) bool { return l.look && messages.Load() > 0 || events.Load() >= mostHeard }
	enough := func(evs []measure.Event) bool {
		return full(evs) || l.spec.Expect.Messages > 0 && messages.Load() >= int64(l.spec.Expect.Messages)
	}
	duration := time.Duration(l.spec.Duration)
	log.wait(ctx, max(duration, leastWait), done, func(evs []measure.Event) bool { return has(measure.Headers)(evs) || enough(evs) })
	if rest := time.Until(e.Started.Add(duration)); log.wait(ctx, max(0, rest), done, enough) {
		log.wait(ctx, endPause, done, func(evs []measure.Event) bool { return full(evs) || has(measure.End)(evs) })
	}
	select {
	case <-done:
	default:
		if l.release != nil && !enough(nil) {
			e.Released = time.Now()
			l.release()
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
		return nil, fmt.Errorf("client %s did not return within %s", l.client.Name(), leaveWait)
	}
	if failed != nil && parent.Err() == nil {
		return nil, fmt.Errorf("client %s: %w", l.client.Name(), failed)
	}
	e.Client = log.all()
	return e, parent.Err()
}
