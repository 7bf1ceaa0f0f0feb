package scenarios

import (
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningSession asks whether the requests of one session reach the server that
// holds it, and with the cookie that would have shown a balancer the way.
func OpeningSession() Check {
	return Check{
		ID: "opening/session", Question: "Do the requests of a session reach the server that holds it, with their cookie?",
		Kind: measure.Required, Axis: measure.Opening, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{sessionTrial()},
		Applies: func(t measure.Technique) bool { return t.Session == "sockjs" && t.Class != measure.ClassSocket },
		Judge: func(c Case) Finding {
			return judgeSession(c, c.Evidence[sessionName], c.Control[sessionName])
		},
	}
}

func judgeSession(c Case, e, direct *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Want: []string{"one session for all requests", "its cookie with each request but the first"}, Values: map[string]float64{}}
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	f.EndedBy, f.EndKind = e.EndedBy()
	requests, with := e.cookies()
	lost := e.SessionsLost()
	f.Values["requests"], f.Values["requests_with_cookie"], f.Values["sessions_lost"] = float64(requests), float64(with), float64(lost)
	// A client that sends none over the direct path cannot tell what the path
	// does to them; and where this is the direct path, nobody took them away.
	sends := c.Control != nil
	if direct != nil {
		_, sent := direct.cookies()
		sends = sent > 0
	}
	dropped := sends && requests > 1 && with == 0
	switch {
	case lost > 0 && e.FromCache():
		f.Verdict, f.Cause = measure.Broken, "cached"
		f.Got = fmt.Sprintf("the session was opened anew %d times in %d requests: the client was given more good answers than the origin gave", lost, requests)
	case lost > 0 && dropped:
		f.Verdict, f.Cause = measure.Broken, "cookie-dropped"
		f.Got = fmt.Sprintf("the session was lost %d times in %d requests, and none brought its cookie", lost, requests)
	case lost > 0:
		f.Verdict, f.Cause = measure.Broken, "session-affinity"
		f.Got = fmt.Sprintf("the session was lost %d times in %d requests: another server got them", lost, requests)
	case requests < 2:
		f.Verdict, f.Got = measure.Untested, "one request says nothing of a session"
	case dropped:
		f.Verdict, f.Cause = measure.Degraded, "cookie-dropped"
		f.Got = fmt.Sprintf("none of %d requests brought the session's cookie: with one server nothing is lost, with more it would be", requests)
	default:
		f.Got = fmt.Sprintf("%d requests of one session, %d with its cookie", requests, with)
	}
	return f
}

// cookies counts the requests that the origin accepted, and those that came
// with a cookie.
func (e *Evidence) cookies() (requests, with int) {
	for _, r := range e.Requests() {
		requests++
		if strings.Contains(" "+r.Note+" ", " cookie=yes ") {
			with++
		}
	}
	return requests, with
}

// SessionsLost counts how often the client found that whoever answered did not
// know its session.
func (e *Evidence) SessionsLost() int {
	n := 0
	for _, ev := range ofKind(e.Client, measure.Failed) {
		if strings.HasPrefix(ev.Note, measure.SessionLost) {
			n++
		}
	}
	return n
}
