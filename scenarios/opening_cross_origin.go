package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningCrossOrigin asks whether a page of another origin may use the stream
// through this path: its preflight is answered, and the answer says who may
// read it. Sockets have no such rule.
func OpeningCrossOrigin() Check {
	return Check{
		ID: "opening/cross-origin", Question: "Do preflights and the Access-Control fields survive the path?",
		Kind: measure.Observe, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Record: true, Options: true},
		Trials:  []Trial{crossOriginTrial()},
		Applies: func(t measure.Technique) bool { return t.Class != measure.ClassSocket },
		Judge: func(c Case) Finding {
			return judgeCrossOrigin(c.Evidence[crossOriginName], c.Control[crossOriginName])
		},
	}
}

func judgeCrossOrigin(e, control *Evidence) Finding {
	preflight, actual := e.part(partPreflight), e.part(partActual)
	f := Finding{Verdict: measure.Works, Want: []string{"the origin's own answers, with every Access-Control field"}, Values: map[string]float64{
		"preflight_status": float64(preflight.Answer.Status), "status": float64(actual.Answer.Status),
	}}
	f.EndedBy, f.EndKind = actual.EndedBy()
	if actual.Answer.Status == 0 && preflight.Answer.Status == 0 {
		return Finding{Verdict: measure.Untested, Got: "neither request was answered" + excerpt(actual)}
	}
	var wrong []string
	for _, part := range []struct {
		word     string
		e        *Evidence
		expected *Evidence
	}{{"preflight", preflight, control.part(partPreflight)}, {"answer", actual, control.part(partActual)}} {
		expected := part.expected
		if expected == nil {
			expected = part.e
		}
		if got := part.e.Answer.Status; got != expected.Answer.Status {
			f.Cause = "error-page"
			wrong = append(wrong, fmt.Sprintf("the %s has status %d, %d over the direct path", part.word, got, expected.Answer.Status))
			continue
		}
		if lost := missing(accessFields(expected.Answer.Header), accessFields(part.e.Answer.Header)); len(lost) > 0 {
			f.Cause = "header-dropped"
			wrong = append(wrong, fmt.Sprintf("the %s came without %s", part.word, strings.Join(lost, ", ")))
		}
	}
	if len(wrong) > 0 {
		f.Verdict, f.Got = measure.Broken, strings.Join(wrong, "; ")
		return f
	}
	f.Got = fmt.Sprintf("preflight %d, answer %d, with %s", preflight.Answer.Status, actual.Answer.Status, strings.Join(accessFields(actual.Answer.Header), ", "))
	return f
}

// accessFields are the names of the fields by which an answer says who may
// read it, with their values.
func accessFields(h http.Header) []string {
	var out []string
	for name, values := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			out = append(out, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(out)
	return out
}
