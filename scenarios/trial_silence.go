package scenarios

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// silenceName is the trial's name.
const silenceName = "silence"

// Policy times of the silence trial: longer than any limit a safe server has
// to beat by silence alone (the longest common one is 300 s).
const (
	longestSilence = 310 * time.Second
	usualHeartbeat = 25 * time.Second
	usualHold      = 25 * time.Second
)

// silenceTrial keeps an exchange open and says nothing. The first part has no
// heartbeat at all (a poll is held without limit). Each part ends with one
// message, which shows that the exchange is still alive and not merely still
// open. When the path cuts the first part, others ask what would have saved it,
// and what kind of limit it was: see followSilence.
func silenceTrial() Trial {
	return Trial{Name: silenceName, Scaled: true, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		silence := b.MaxWait
		if b.Scalable {
			silence = b.Policy(longestSilence)
		}
		bare, err := b.silent(ctx, quiet{part: bareSilence, lasts: silence})
		if err != nil {
			return nil, err
		}
		bare.Parts = []*Evidence{bare}
		if limit, cut := silenceLimit(bare); cut {
			err = b.followSilence(ctx, bare, limit, silence)
		}
		return bare, err
	}}
}

// quiet is one part of the trial: a silence, and what is done in it.
type quiet struct {
	part      string
	lasts     time.Duration
	heartbeat time.Duration // of the origin's; 0 is none
	hold      time.Duration // of a poll; 0 is for ever
	interim   time.Duration // between the 102 answers to a poll; 0 is none
	messages  time.Duration // between messages; 0 is none
}

func (b *Bench) silent(ctx context.Context, q quiet) (*Evidence, error) {
	opts := unrecycled()
	opts.Set("heartbeat", wireDuration(q.heartbeat))
	if b.Technique.Class == measure.ClassHeld {
		opts = url.Values{"hold": {wireDuration(q.hold)}, "interim": {wireDuration(q.interim)}}
	}
	x := b.open(ctx, q.part, opts, false)
	x.ev.Part, x.ev.Waited, x.ev.Heartbeat = q.part, q.lasts, q.heartbeat
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	if !b.Technique.Polls() && !x.log.wait(ctx, lingerWait, x.done, has(measure.Prelude)) {
		return x.end(ctx) // not even the hello passes: silence is not what is wrong here
	}
	start := time.Now()
	switch {
	case q.messages > 0:
		if err := x.chatter(ctx, q); err != nil {
			return nil, joinFinish(ctx, x, err)
		}
	case b.Technique.Polls():
		// A poll that the path ends comes back by itself; the first end tells.
		x.log.wait(ctx, q.lasts, x.done, troubled)
	default:
		x.log.wait(ctx, q.lasts, x.done, func([]measure.Event) bool { return false })
	}
	x.ev.Waited = min(q.lasts, time.Since(start))
	if err := x.publish(ctx, time.Now(), smallMessage(0)); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	x.settle(ctx, lingerWait+x.ev.Interval)
	return x.end(ctx)
}

// chatter sends messages in place of silence, which are no part of the
// schedule, until the client is cut off or the time is over.
func (x *exchange) chatter(ctx context.Context, q quiet) error {
	end := time.Now().Add(q.lasts)
	for due := time.Now().Add(q.messages); due.Before(end); due = due.Add(q.messages) {
		if x.log.wait(ctx, time.Until(due), x.done, has(measure.End)) {
			return nil
		}
		if _, err := x.b.Origin.Publish(ctx, x.channel, due, "application/json", smallMessage(0)); err != nil {
			return err
		}
	}
	x.log.wait(ctx, time.Until(end), x.done, has(measure.End))
	return nil
}

// troubled reports whether a poll met an error or a cut.
func troubled(events []measure.Event) bool {
	for _, e := range events {
		if e.Kind == measure.Failed && !malformed(e) || e.Kind == measure.End && e.EndKind != measure.EndClean {
			return true
		}
	}
	return false
}

// silenceLimit is how long the path bore the silence before it cut, in wire
// time, and whether it cut at all.
func silenceLimit(ev *Evidence) (time.Duration, bool) {
	cut, ok := firstCut(ev)
	if !ok {
		return 0, false
	}
	// Both ends of the silence as the client saw them, so that a path's delay
	// does not lengthen it; a held poll sees nothing before the cut.
	from := ev.Started
	for _, e := range append(ev.Requests(), ofKind(ev.Client, measure.Prelude)...) {
		if e.T <= cut.T {
			from = time.UnixMicro(e.T)
		}
	}
	return max(0, time.UnixMicro(cut.T).Sub(from)), true
}

// firstCut is the event by which the client learned that the path had cut the
// silence. What happens once the silence is broken by a message is none, unless
// that message came too late for the exchange.
func firstCut(ev *Evidence) (measure.Event, bool) {
	broken := has(measure.Received)(ev.Client)
	for _, e := range ev.Client {
		if broken && len(ev.Sent) > 0 && e.T >= ev.Sent[0].Due.UnixMicro() || !ev.Left.IsZero() && e.T >= ev.Left.UnixMicro() {
			break
		}
		if (e.Kind == measure.End || e.Kind == measure.Failed && !malformed(e)) && !endedByOrigin(ev, e) {
			return e, true
		}
	}
	return measure.Event{}, false
}

// endedByOrigin reports whether the origin had ended an exchange before this
// event of the client's: by an end of its own, or by answering a poll.
func endedByOrigin(ev *Evidence, at measure.Event) bool {
	if at.Kind == measure.End && at.Note != "" && at.EndKind == measure.EndClean {
		return true
	}
	if !ev.Released.IsZero() && at.T >= ev.Released.UnixMicro() {
		return true
	}
	for _, o := range ev.Origin {
		if o.Kind == measure.End && o.T <= at.T {
			return at.EndKind == measure.EndClean || at.Kind == measure.End
		}
	}
	return false
}

// wireDuration writes a duration as a subscribe option.
func wireDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
