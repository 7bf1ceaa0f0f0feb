package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryIntegrity asks whether any content gets through as it was sent: every
// byte value, and what the framing itself is made of.
func DeliveryIntegrity() Check {
	return Check{
		ID: "delivery/integrity", Question: "Does every content arrive as it was sent?",
		Kind: measure.Required, Axis: measure.Delivery, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{integrityTrial()},
		Judge:  func(c Case) Finding { return judgeIntegrity(c, c.Evidence[integrityName]) },
	}
}

func judgeIntegrity(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Want: []string{fmt.Sprintf("%d messages of %d kinds, none lost, doubled, out of order or altered", len(e.Sent), len(kinds(e.Sent)))}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if bad, failed := openingFailure(c, e); failed {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
		return f
	}
	n := e.Counts()
	malformed := e.Malformed()
	f.Values = map[string]float64{
		"sent": float64(n.Sent), "received": float64(n.Received), "lost": float64(n.Lost), "duplicated": float64(n.Duplicated),
		"reordered": float64(n.Reordered), "altered": float64(n.Altered), "malformed": float64(malformed),
	}
	var harmed []Sent
	for _, a := range e.Arrivals() {
		if a.Altered || a.Times != 1 {
			harmed = append(harmed, a.Sent)
		}
	}
	switch {
	case n.Altered+n.Duplicated+n.Reordered+malformed > 0, n.Lost > 0 && n.Received > 0:
		f.Verdict, f.Cause = measure.Broken, "corrupted"
		if e.FromCache() {
			f.Cause = "cached"
		}
		f.Got = fmt.Sprintf("%d altered, %d lost, %d doubled, %d out of order, %d pieces that nobody sent%s; harmed: %s",
			n.Altered, n.Lost, n.Duplicated, n.Reordered, malformed, excerpt(e), inKinds(harmed))
		if d := diagnoseMissing(c, e, true); n.Lost > 0 && n.Altered+n.Duplicated+n.Reordered+malformed == 0 && d.cause != "corrupted" {
			f.Cause = d.cause
			f.Got += "; " + d.got
			maps.Copy(f.Values, d.values)
		}
	case n.Lost > 0:
		d := diagnoseMissing(c, e, true)
		f.Verdict, f.Cause, f.Got = measure.Broken, d.cause, fmt.Sprintf("none of %d messages arrived; %s", n.Sent, d.got)
	case !summed(e):
		f.Verdict = measure.Untested
		f.Got = fmt.Sprintf("all %d arrived, but client %s does not hand their content back", n.Received, c.Client)
	default:
		f.Got = fmt.Sprintf("all %d as they were sent", n.Received)
	}
	return f
}

// kinds counts messages by what they try.
func kinds(sent []Sent) map[string]int {
	out := map[string]int{}
	for _, s := range sent {
		out[s.Kind]++
	}
	return out
}

// inKinds writes them for people, most frequent first.
func inKinds(sent []Sent) string {
	by := kinds(sent)
	var words []string
	for _, kind := range slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		if by[a] != by[b] {
			return by[b] - by[a]
		}
		return strings.Compare(a, b)
	}) {
		words = append(words, fmt.Sprintf("%s (%d)", kind, by[kind]))
	}
	if len(words) == 0 {
		return "none of ours"
	}
	return strings.Join(words, ", ")
}

// summed reports whether the client said what the messages contained.
func summed(e *Evidence) bool {
	return slices.ContainsFunc(e.Client, func(ev measure.Event) bool { return ev.Kind == measure.Received && ev.Sum != "" })
}
