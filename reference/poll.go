package reference

import (
	"context"
	"time"
)

// pollBytes bounds one answer of a poll; the rest waits for the next request.
const pollBytes = 8 << 20

// answer is a poll's body and what is in it.
type answer struct {
	body     []byte
	messages []*Message
	sizes    []int // of the messages as framed
	gap      *Control
	gapSize  int
}

// poll waits, if the subscription is held, until there is something to say,
// the hold is over or the subscription is detached, and makes the answer. While
// it waits it calls still every Params.Interim. The error is the context's.
func poll(ctx context.Context, sub *Subscription, f Framer, still func()) (answer, error) {
	var late, interim <-chan time.Time
	if sub.Params.Interim > 0 {
		ticker := time.NewTicker(sub.Params.Interim)
		defer ticker.Stop()
		interim = ticker.C
	}
	if sub.class == Held && sub.Params.Hold > 0 {
		timer := time.NewTimer(sub.Params.Hold)
		defer timer.Stop()
		late = timer.C
	}
	wait := sub.class == Held
	for {
		wait = wait && sub.Detached() == ""
		a := collect(sub, f)
		if a.gap != nil || len(a.messages) > 0 || !wait {
			return a, ctx.Err()
		}
		select {
		case <-ctx.Done():
			return answer{}, ctx.Err()
		case <-interim:
			still()
		case <-sub.wake:
		case <-late:
			wait = false
		}
	}
}

// collect frames what there is. A gap in the middle ends the answer before it:
// the next request finds it again.
func collect(sub *Subscription, f Framer) answer {
	a := answer{body: f.Open(nil, Control{})}
	limit := sub.Params.Limit
	for {
		n := batch
		if limit > 0 {
			n = min(n, limit-len(a.messages))
		}
		gap, msgs := sub.next(n)
		if gap != nil {
			if a.gap != nil || len(a.messages) > 0 {
				break
			}
			before := len(a.body)
			a.body = f.Control(a.body, *gap)
			a.gap, a.gapSize = gap, len(a.body)-before
			continue
		}
		if len(msgs) == 0 {
			break
		}
		if !a.add(sub, f, msgs) {
			break
		}
	}
	a.body = f.Close(a.body, Control{})
	return a
}

// add frames messages until the answer is full.
func (a *answer) add(sub *Subscription, f Framer, msgs []*Message) bool {
	for _, m := range msgs {
		before := len(a.body)
		a.body = f.Message(a.body, m)
		sub.taken(m)
		a.messages, a.sizes = append(a.messages, m), append(a.sizes, len(a.body)-before)
		if len(a.body) >= pollBytes {
			return false
		}
	}
	return sub.Params.Limit == 0 || len(a.messages) < sub.Params.Limit
}

// noted writes down that the answer went out.
func (a *answer) noted(sub *Subscription) {
	if a.gap != nil {
		sub.said(*a.gap, a.gapSize)
	}
	for i, m := range a.messages {
		sub.wrote(m, a.sizes[i])
	}
	sub.ended(ReasonAnswered)
}
