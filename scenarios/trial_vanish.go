package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The vanish trial: how long an origin is watched after its client has
// disappeared, and what it does meanwhile. All wire time: these are the
// kernel's timers.
const (
	vanishName        = "vanish"
	vanishWait        = 4500 * time.Millisecond
	vanishSpacing     = 100 * time.Millisecond
	vanishHeartbeat   = 500 * time.Millisecond
	vanishKeepAlive   = time.Second     // and two questions, a second each
	vanishUserTimeout = 2 * time.Second // behind the first byte that is not acknowledged
)

// The parts of the vanish trial.
const (
	vanishSilent      = "silent"       // the origin has nothing to say
	vanishTalking     = "heartbeat"    // it sends heartbeats, and messages
	vanishAsking      = "keepalive"    // it is silent, and TCP asks
	vanishUserTimeoff = "user-timeout" // it talks, and TCP gives up what is not acknowledged
)

// vanishParts are the subscribe options of each part.
func vanishParts() map[string]url.Values {
	heartbeat := wireDuration(vanishHeartbeat)
	return map[string]url.Values{
		vanishSilent:      {"heartbeat": {"0"}},
		vanishTalking:     {"heartbeat": {heartbeat}},
		vanishAsking:      {"heartbeat": {"0"}, "keepalive": {wireDuration(vanishKeepAlive)}},
		vanishUserTimeoff: {"heartbeat": {heartbeat}, "user_timeout": {wireDuration(vanishUserTimeout)}},
	}
}

// vanishTrial makes the client disappear without a word, in each part beside
// the others. The client's sockets drop whatever arrives, so that nothing is
// acknowledged and nothing reset: what a cut cable, a dead battery or a
// forgetful NAT looks like to whoever holds the other end. A relay that stops
// reading would not do: its kernel goes on acknowledging.
func vanishTrial() Trial {
	return Trial{Name: vanishName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		v, ok := b.Client.(measure.Vanisher)
		if !ok {
			return nil, &unableError{measure.Skipped, fmt.Sprintf("client %s cannot be made to disappear", b.Client.Name())}
		}
		if err := v.CanVanish(measure.Subscription{Technique: b.Technique.Name, Target: measure.Target{HTTP: b.HTTP}}); err != nil {
			return nil, &unableError{measure.Skipped, err.Error()}
		}
		var (
			wait  sync.WaitGroup
			mu    sync.Mutex
			parts = map[string]*Evidence{}
			errs  []error
		)
		for name, opts := range vanishParts() {
			wait.Go(func() {
				e, err := b.vanished(ctx, name, opts)
				mu.Lock()
				defer mu.Unlock()
				parts[name] = e
				errs = append(errs, err)
			})
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		head := *parts[vanishSilent]
		for _, name := range []string{vanishSilent, vanishTalking, vanishAsking, vanishUserTimeoff} {
			head.Parts = append(head.Parts, parts[name])
		}
		return &head, nil
	}}
}

func (b *Bench) vanished(ctx context.Context, part string, more url.Values) (*Evidence, error) {
	opts := unrecycled()
	if b.Technique.Class == measure.ClassHeld {
		opts = url.Values{"hold": {"0"}}
	}
	for name, values := range more {
		opts[name] = values
	}
	gone := make(chan struct{})
	x, err := b.openAs(ctx, part, opts, asking{vanish: gone})
	if err != nil {
		return nil, err
	}
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	if !b.Technique.Polls() {
		x.log.wait(ctx, lingerWait, x.done, has(measure.Prelude))
	}
	close(gone)
	x.ev.Left = time.Now()
	until := x.ev.Left.Add(vanishWait)
	due := until // nothing is said
	if opts.Get("heartbeat") != "0" {
		due = x.ev.Left.Add(vanishSpacing)
	}
	for ctx.Err() == nil && !x.noticed(ctx, time.Until(due)) && due.Before(until) {
		if err := x.publish(ctx, due, smallMessage(len(x.ev.Sent))); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		due = due.Add(vanishSpacing)
	}
	x.ev.Waited = time.Since(x.ev.Left)
	return x.finish(ctx)
}
