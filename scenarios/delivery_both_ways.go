package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryBothWays asks whether something can go up while messages come down:
// frames over a socket; else a request beside it, whose body passes as it is
// sent or only once it is whole. That one concerns who streams up, too: no
// technique here does, so it leaves the cell as it is.
func DeliveryBothWays() Check {
	return Check{
		ID: "delivery/both-ways", Question: "Does what the client sends pass while messages come, and before its request is complete?",
		Kind: measure.Optimal, Axis: measure.Delivery, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{bothWaysTrial()},
		Applies: func(t measure.Technique) bool { return t.Name != "webtransport" },
		Judge:   judgeBothWays,
	}
}

func judgeBothWays(c Case) Finding {
	down := c.Evidence[bothWaysName].part(partDown)
	if bad, failed := openingFailure(c, down); failed {
		if bad.cause == "upgrade-one-way" {
			return Finding{Verdict: measure.Broken, Cause: bad.cause, Got: bad.got}
		}
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	if c.Technique.Class == measure.ClassSocket {
		if d, early := killed(down); early {
			return Finding{Verdict: measure.Untested, Got: fmt.Sprintf("the path ended the socket (%s) after %s", d.kind, short(d.after))}
		}
		return judgeFrames(c, down)
	}
	up := c.Evidence[bothWaysName].part(partUp)
	if up == nil {
		return Finding{Verdict: measure.Untested, Got: "nothing was sent up: the subscription came too late"}
	}
	return judgeBody(c, down, up, c.Evidence[bothWaysName].part(partDuplex))
}

// judgeBody looks at a request body that went up in pieces, twice.
func judgeBody(c Case, down, up, answered *Evidence) Finding {
	if refused := up.Refusals(); len(up.Requests()) == 0 && len(refused) > 0 {
		return Finding{Verdict: measure.Degraded, Cause: "error-page", Values: map[string]float64{"status": float64(refused[0])},
			Got: fmt.Sprintf("the path answers a request with a body by itself: status %d", refused[0])}
	}
	if len(up.Requests()) == 0 {
		return Finding{Verdict: measure.Untested, Got: "the request did not reach the origin" + excerpt(up)}
	}
	f := Finding{Verdict: measure.Works, Values: map[string]float64{},
		Want: []string{fmt.Sprintf("each of %d pieces of a request body within %s", upPieces, short(c.Limits.Prompt))}}
	f.EndedBy, f.EndKind = up.EndedBy()
	wait, whole := upDelay(up)
	switch {
	case !whole:
		f.Verdict, f.Cause, f.Aside = measure.Degraded, "request-buffered", true
		f.Got = "the request arrived, its body never did" + excerpt(up)
	case wait > c.Limits.Prompt && arrivedTogether(up):
		f.Verdict, f.Cause, f.Aside = measure.Degraded, "request-buffered", true
		f.Values["up_delay_ms"] = ms(wait)
		f.Doubtful = true // a machine that stands still makes the same picture
		f.Got = fmt.Sprintf("the first piece waited for %s and came with the others, when the body was complete", short(wait))
	default:
		f.Values["up_delay_ms"] = ms(wait)
		f.Verdict = c.Limits.Verdict(wait)
		f.Got = fmt.Sprintf("each piece of a request body arrived as it was sent, at most %s late", short(wait))
		if f.Verdict != measure.Works {
			f.Cause, f.Doubtful = "unknown", true
		}
	}
	if whole, early := duplex(answered); whole {
		f.Values["duplex"] = 0
		if early {
			f.Values["duplex"] = 1
		} else {
			f.Got += "; the answer waits for the end of the request"
		}
	}
	if d := judgeDelivery(c, down, false); d.Values != nil {
		f.Values["down_p99_ms"] = d.Values["delay_p99_ms"]
	}
	return f
}

// judgeFrames looks at what went up a socket.
func judgeFrames(c Case, e *Evidence) Finding {
	sent, arrived := ofKind(e.Client, measure.Write), ofKind(e.Origin, measure.Received)
	f := Finding{Verdict: measure.Works, Want: []string{"every frame that the client sends"}, Values: map[string]float64{
		"up_sent": float64(len(sent)), "up_received": float64(len(arrived)),
	}}
	f.EndedBy, f.EndKind = e.EndedBy()
	var wait time.Duration
	for i := range min(len(sent), len(arrived)) {
		wait = max(wait, time.UnixMicro(arrived[i].T).Sub(time.UnixMicro(sent[i].T)))
		if sent[i].Sum != "" && sent[i].Sum != arrived[i].Sum {
			f.Verdict, f.Cause = measure.Broken, "corrupted"
		}
	}
	f.Values["up_delay_ms"] = ms(wait)
	switch {
	case len(sent) == 0:
		return Finding{Verdict: measure.Untested, Got: "the client sent nothing" + excerpt(e)}
	case f.Cause != "":
		f.Got = "frames arrived altered"
	case len(arrived) != len(sent):
		f.Verdict, f.Cause = measure.Broken, "corrupted"
		f.Got = fmt.Sprintf("%d of %d frames arrived", len(arrived), len(sent))
	default:
		f.Got = fmt.Sprintf("all %d frames arrived, at most %s late", len(arrived), short(wait))
		if f.Verdict = c.Limits.Verdict(wait); f.Verdict != measure.Works {
			f.Cause, f.Doubtful = "unknown", true
		}
	}
	return f
}

// upDelay is the longest that a piece of a request body was under way, and
// whether all of it arrived. Pieces may come joined or split, so bytes are
// counted.
func upDelay(e *Evidence) (time.Duration, bool) {
	sent, came := ofKind(e.Client, measure.Write), ofKind(e.Origin, measure.Received)
	var wait time.Duration
	need, have, next := 0, 0, 0
	for _, s := range sent {
		need += s.Bytes
		for have < need && next < len(came) {
			have += came[next].Bytes
			next++
		}
		if have < need {
			return wait, false
		}
		wait = max(wait, time.UnixMicro(came[next-1].T).Sub(time.UnixMicro(s.T)))
	}
	return max(0, wait), len(sent) > 0
}

// arrivedTogether reports whether all that came up came within one piece's
// time, though it was sent over several.
func arrivedTogether(e *Evidence) bool {
	came := ofKind(e.Origin, measure.Received)
	if len(came) == 0 {
		return false
	}
	return time.UnixMicro(came[len(came)-1].T).Sub(time.UnixMicro(came[0].T)) < upSpacing/2
}

// duplex reports whether a request was answered, and whether its answer began
// before its body was complete.
func duplex(e *Evidence) (answered, early bool) {
	if e == nil {
		return false, false
	}
	head, answered := firstHead(e)
	sent := ofKind(e.Client, measure.Write)
	if !answered || head.Status != 200 || len(sent) < upPieces {
		return false, false
	}
	return true, e.Answer.FirstUS > 0 && e.Answer.FirstUS < sent[upPieces-1].T
}
