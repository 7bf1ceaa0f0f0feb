package scenarios

import (
	"fmt"
	"math"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningHeadersTime asks whether the response head comes when the origin sends
// it, or only with the first byte of the body: until then a fetch has not
// answered and an EventSource is not open. A held poll has no head before its
// answer, and a socket none that could wait; SockJS has a frame to say at once.
func OpeningHeadersTime() Check {
	return Check{
		ID: "opening/headers-time", Question: "Does the response head come before the first byte of the body?",
		Kind: measure.Optimal, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{headTrial()},
		Applies: func(t measure.Technique) bool { return t.Class == measure.ClassStream && t.Session == "" },
		Judge:   func(c Case) Finding { return judgeHead(c, c.Evidence[headName]) },
	}
}

func judgeHead(c Case, e *Evidence) Finding {
	reqs := e.Requests()
	if len(reqs) == 0 {
		return Finding{Verdict: measure.Untested, Got: "the request did not reach the origin" + excerpt(e)}
	}
	f := Finding{Verdict: measure.Works, Values: map[string]float64{"hello_after_ms": ms(e.Waited)},
		Want: []string{fmt.Sprintf("the head at once, %s before the first byte of the body", short(e.Waited))}}
	f.EndedBy, f.EndKind = e.EndedBy()
	accepted := time.UnixMicro(reqs[0].T)
	since := func(ev measure.Event) time.Duration { return max(0, time.UnixMicro(ev.T).Sub(accepted)) }
	head, answered := firstHead(e)
	if after, gaveUp := gaveUp(e, head, answered); gaveUp {
		limit := since(after)
		f.Verdict, f.Cause = measure.Degraded, "first-byte-timeout"
		f.Values["first_byte_limit_s"] = math.Round(limit.Seconds()/e.Scale*10) / 10
		f.Got = fmt.Sprintf("the path gave up after %s without a byte of the body%s", short(limit), excerpt(e))
		return f
	}
	if !answered {
		return Finding{Verdict: measure.Untested, Got: "no head reached the client at all, not even when the origin ended"}
	}
	f.Values["headers_ms"] = ms(since(head))
	hellos := ofKind(e.Client, measure.Prelude)
	switch {
	case since(head) < e.Waited/2:
		f.Got = fmt.Sprintf("after %s", short(since(head)))
	case !e.Released.IsZero() && head.T >= e.Released.UnixMicro():
		return Finding{Verdict: measure.Untested, Values: f.Values, Got: "the whole answer was held until the origin ended, and the head with it: a matter of delivery"}
	case len(hellos) > 0 && since(hellos[0])-since(head) < atOnce:
		f.Verdict, f.Cause = measure.Degraded, "headers-held"
		f.Values["first_body_ms"] = ms(since(hellos[0]))
		f.Got = fmt.Sprintf("after %s, together with the first bytes of the body", short(since(head)))
		f.Doubtful = true
	case len(hellos) == 0 && cutWith(e, head):
		f.Verdict, f.Cause = measure.Degraded, "headers-held"
		f.Got = fmt.Sprintf("after %s, when the path gave up waiting for the first byte of the body", short(since(head)))
		f.Doubtful = true
	default:
		f.Got = fmt.Sprintf("after %s, and the body later still: the path is slow, and does not hold the head for the body", short(since(head)))
	}
	return f
}

// cutWith reports whether the exchange ended as its head came, before the
// origin had ended it.
func cutWith(e *Evidence, head measure.Event) bool {
	for _, ev := range e.Client {
		if (ev.Kind == measure.End || ev.Kind == measure.Failed) && ev.T >= head.T && ev.T-head.T < atOnce.Microseconds() {
			return e.Released.IsZero() || ev.T < e.Released.UnixMicro()
		}
	}
	return false
}

// gaveUp is the event by which the client learned that the path would not wait
// for the first byte. A cut behind a good head is a limit on silence, which
// delivery/idle asks about.
func gaveUp(e *Evidence, head measure.Event, answered bool) (measure.Event, bool) {
	before := func(ev measure.Event) bool { return e.Released.IsZero() || ev.T < e.Released.UnixMicro() }
	if answered {
		return head, head.Status >= 400 && len(e.Refusals()) > 0 && before(head)
	}
	for _, ev := range e.Client {
		if (ev.Kind == measure.End || ev.Kind == measure.Failed) && before(ev) {
			return ev, true
		}
	}
	return measure.Event{}, false
}
