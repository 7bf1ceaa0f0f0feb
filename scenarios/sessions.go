package scenarios

import (
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ofSessions are the questions that a Bayeux session is asked. Others
// are answered by single requests, by options of an answer's form, or by a
// stream that is broken off on purpose, which a protocol with words of its own
// has no place for; what they find out of the path they find by the techniques
// that it is made of.
var ofSessions = []string{
	"opening/connect", "delivery/first", "delivery/steady", "delivery/large", "delivery/burst", "delivery/idle", "delivery/lasting", "delivery/fan-in-7",
	"ending/recycle", "ending/abort",
}

// suits reports whether a question can be asked of a technique and a client.
func suits(t measure.Technique, c measure.Client, check string) bool {
	if check == fallbackID {
		chooser, chooses := c.(measure.Chooser)
		return chooses && chooser.Chooses(t.Session)
	}
	return t.Session != "bayeux" || slices.Contains(ofSessions, check)
}

// sessionFailure explains a session that the origin did not know again, or that
// the client gave up by a limit of its own.
func sessionFailure(c Case, e *Evidence) (diagnosis, bool) {
	if c.Technique.Session != "bayeux" {
		return diagnosis{}, false
	}
	for _, o := range ofKind(e.Origin, measure.Failed) {
		if strings.Contains(o.Note, "without the BAYEUX_BROWSER cookie") {
			return diagnosis{cause: "cookie-dropped", got: "the session was opened, and the requests that followed came without its cookie"}, true
		}
	}
	if note := e.timerOver(); note != "" {
		return diagnosis{cause: "unknown", got: "the path takes longer than the client waits: " + note}, true
	}
	forgotten := false
	for _, f := range ofKind(e.Client, measure.Failed) {
		if strings.Contains(f.Note, "without the BAYEUX_BROWSER cookie") {
			return diagnosis{cause: "cookie-dropped", got: "the session was opened, and what followed came without its cookie" + excerpt(e)}, true
		}
		if strings.HasPrefix(f.Note, "402:") || strings.HasPrefix(f.Note, measure.SessionLost) {
			return diagnosis{cause: "session-affinity", got: "the session was opened, and what followed reached a server that does not know it" + excerpt(e)}, true
		}
		forgotten = forgotten || strings.Contains(f.Note, ": 402:")
	}
	if forgotten {
		return diagnosis{cause: "unknown", got: "the origin had forgotten the session: it keeps one for 10 s behind an answer (maxInterval), and the next request came later" + excerpt(e)}, true
	}
	return diagnosis{}, false
}

// timerOver is what the client says of a limit of its own, "" where none was
// over.
func (e *Evidence) timerOver() string {
	for _, f := range ofKind(e.Client, measure.Failed) {
		if strings.HasPrefix(f.Note, measure.TimerOver) {
			return f.Note
		}
	}
	return ""
}
