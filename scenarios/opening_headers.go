package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningHeaders asks whether header fields arrive that sessions, sign-in and
// resuming rely on: both ways, by their names. Over the direct path it is seen
// which of them this client can send at all.
func OpeningHeaders() Check {
	return Check{
		ID: "opening/headers", Question: "Do cookies, credentials, Last-Event-ID and fields of one's own pass?",
		Kind: measure.Optimal, Axis: measure.Opening, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{headersTrial()},
		Judge: func(c Case) Finding {
			var direct *Evidence
			if ctl := c.Control[headersName]; ctl != nil {
				direct = ctl.part(partProbe)
			}
			return judgeFields(c.Evidence[headersName].part(partProbe), direct)
		},
	}
}

func judgeFields(e, direct *Evidence) Finding {
	if !e.Attached {
		return Finding{Verdict: measure.Untested, Got: "the probing request did not reach the origin" + excerpt(e)}
	}
	if direct == nil {
		direct = e
	}
	sent, arrived := requestFields(direct), requestFields(e)
	answered, came := answerFields(direct), answerFields(e)
	lost := missing(overlap(sent, probingFields), arrived)
	notReturned := missing(overlap(answered, echoedFields), came)
	if len(came) == 0 {
		notReturned = nil // there was no answer, or this client does not tell its fields
	}
	added := missing(missing(arrived, sent), hopFields)
	f := Finding{Verdict: measure.Works, Want: []string{"every field that arrives over the direct path"}, Values: map[string]float64{
		"request_fields": float64(len(arrived)), "request_dropped": float64(len(lost)), "request_added": float64(len(added)),
		"response_dropped": float64(len(notReturned)),
	}}
	f.EndedBy, f.EndKind = e.EndedBy()
	if dropped := slices.Concat(lost, notReturned); len(dropped) > 0 {
		f.Verdict, f.Cause = measure.Degraded, "header-dropped"
		if len(missing(dropped, []string{"Cookie", "Set-Cookie"})) == 0 {
			f.Cause = "cookie-dropped"
		}
		f.Aside = len(overlap(dropped, reliedOn)) == 0
	}
	words := []string{fmt.Sprintf("%d of %d fields arrived", len(overlap(sent, probingFields))-len(lost), len(overlap(sent, probingFields)))}
	for _, part := range []struct {
		word  string
		names []string
	}{{"lost on the way up: ", lost}, {"lost on the way down: ", notReturned}, {"added by the path: ", added}} {
		if len(part.names) > 0 {
			words = append(words, part.word+strings.Join(part.names, ", "))
		}
	}
	f.Got = strings.Join(words, "; ")
	return f
}

// reliedOn are the fields without which a push technique loses something:
// sessions find their server by cookie, streams resume by Last-Event-ID. What
// else is lost concerns the application, and is written down alone.
var reliedOn = []string{"Cookie", "Last-Event-Id", "Origin", "Set-Cookie"}

// hopFields belong to one connection or to the form of a message: that they
// come and go says nothing.
var hopFields = []string{"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// requestFields are the names that arrived at the origin, answerFields those
// that came back.
func requestFields(e *Evidence) []string { return fieldsOf(e.Requests()) }

func answerFields(e *Evidence) []string { return fieldsOf(e.Headers()) }

func fieldsOf(heads []measure.Event) []string {
	if len(heads) == 0 || heads[0].Fields == "" {
		return nil
	}
	return strings.Split(heads[0].Fields, ",")
}

// missing are the names of want that are not in have.
func missing(want, have []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(name string) bool { return slices.Contains(have, name) })
}

// overlap are the names of both.
func overlap(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(name string) bool { return !slices.Contains(b, name) })
}
