package scenarios

import (
	"context"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const cachingName = "caching"

// The parts of the caching trial: two readers of one URL at once, then two one
// behind the other.
const (
	partFirst  = "first"
	partSecond = "second"
	partBefore = "before"
	partAfter  = "after"
)

// joinWait is how long a second request may take to reach the origin.
const joinWait = 700 * time.Millisecond

// cachingTrial is the one that uses a URL more than once.
func cachingTrial() Trial {
	return Trial{Name: cachingName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		if _, ok := b.Client.(measure.Asker); !ok {
			return nil, &unableError{measure.Unsupported, b.Client.Name() + " makes every URL unlike all others; ask the Go client"}
		}
		before, after, err := b.oneBehindTheOther(ctx)
		if err != nil {
			return nil, err
		}
		if b.Technique.Class == measure.ClassPoll { // answered at once: there is no meanwhile
			return inParts(before, after), nil
		}
		first, second, err := b.atOnce(ctx)
		if err != nil {
			return nil, err
		}
		return inParts(before, after, first, second), nil
	}}
}

// sameURL opens one more reader of the URL that belongs to a channel.
func (b *Bench) sameURL(ctx context.Context, part, channel string, opts url.Values) (*exchange, error) {
	x, err := b.openAs(ctx, part, opts, asking{once: true, channel: channel})
	if err != nil {
		return nil, err
	}
	x.ev.Asked = 0 // the channel's record has the other reader's request as well
	return x, nil
}

// arrived waits until so many subscriptions of the channel have reached the
// origin, or the client has its answer.
func (x *exchange) arrived(ctx context.Context, subscriptions int) error {
	for deadline := time.Now().Add(joinWait); time.Now().Before(deadline); {
		events, _, err := x.b.Origin.Record(ctx, x.channel, 0, 0)
		if err != nil {
			return err
		}
		if len(ofKind(events, measure.Headers)) >= subscriptions {
			return nil
		}
		if x.log.wait(ctx, 50*time.Millisecond, x.done, has(measure.Prelude)) {
			return nil
		}
	}
	return ctx.Err()
}

// atOnce opens a second reader while the first is being served.
func (b *Bench) atOnce(ctx context.Context) (first, second *Evidence, err error) {
	channel := b.Nonce + "-" + partFirst
	one, err := b.sameURL(ctx, partFirst, channel, unrecycled())
	if err != nil {
		return nil, nil, err
	}
	if !one.attached(ctx) {
		first, err = one.finish(ctx)
		return first, b.evidence(partSecond), err
	}
	if !b.Technique.Polls() && !b.Technique.EndsItself {
		// A reader that is given the other's stream from its beginning gets this.
		one.log.wait(ctx, joinWait, one.done, has(measure.Prelude))
		if err := one.publish(ctx, time.Now(), smallMessage(0)); err != nil {
			return nil, nil, joinFinish(ctx, one, err)
		}
	}
	two, err := b.sameURL(ctx, partSecond, channel, unrecycled())
	if err != nil {
		return nil, nil, joinFinish(ctx, one, err)
	}
	err = two.arrived(ctx, 2)
	if err == nil {
		err = one.publish(ctx, time.Now(), smallMessage(1))
	}
	if err == nil {
		two.ev.Sent = one.ev.Sent[len(one.ev.Sent)-1:]
		one.settle(ctx, lingerWait/2)
		two.settle(ctx, lingerWait/2)
		err = one.release(ctx)
		two.ev.Released = one.ev.Released
	}
	if err != nil {
		return nil, nil, joinFinish(ctx, one, joinFinish(ctx, two, err))
	}
	gone := func([]measure.Event) bool { return false }
	one.log.wait(ctx, joinWait, one.done, gone)
	two.log.wait(ctx, joinWait, two.done, gone)
	if first, err = one.finish(ctx); err != nil {
		return nil, nil, joinFinish(ctx, two, err)
	}
	second, err = two.finish(ctx)
	return first, second, err
}

// oneBehindTheOther asks for a URL whose first answer is complete.
func (b *Bench) oneBehindTheOther(ctx context.Context) (before, after *Evidence, err error) {
	channel := b.Nonce + "-" + partBefore
	opts := func() url.Values {
		o := unrecycled()
		o.Set("limit", "1") // a stream is over behind its first message
		if b.Technique.Polls() {
			o.Del("limit")
		}
		if b.Technique.Name == "content-length-stream" {
			o.Set("length", "4096") // so short that it is filled up
		}
		return o
	}
	one, err := b.sameURL(ctx, partBefore, channel, opts())
	if err != nil {
		return nil, nil, err
	}
	if !one.attached(ctx) {
		before, err = one.finish(ctx)
		return before, b.evidence(partAfter), err
	}
	if b.Technique.Class == measure.ClassPoll { // answered already, with nothing
		one.log.wait(ctx, joinWait, one.done, has(measure.End))
	}
	if err := one.publish(ctx, time.Now(), smallMessage(0)); err != nil {
		return nil, nil, joinFinish(ctx, one, err)
	}
	one.log.wait(ctx, lingerWait, one.done, has(measure.End))
	two, err := b.sameURL(ctx, partAfter, channel, opts())
	if err != nil {
		return nil, nil, joinFinish(ctx, one, err)
	}
	if b.Technique.Polls() {
		two.ev.Sent = one.ev.Sent // a poll without a position gets all there is
	} else {
		err = two.arrived(ctx, 2)
		if err == nil {
			err = two.publish(ctx, time.Now(), smallMessage(1))
		}
	}
	if err == nil {
		two.settle(ctx, lingerWait/2)
		err = b.Origin.Terminate(ctx, channel)
	}
	if err != nil {
		return nil, nil, joinFinish(ctx, one, joinFinish(ctx, two, err))
	}
	if before, err = one.finish(ctx); err != nil {
		return nil, nil, joinFinish(ctx, two, err)
	}
	after, err = two.finish(ctx)
	return before, after, err
}
