package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// whatCounts says whose bytes keep an idle limit off, as far as the technique
// lets one tell. onlyMessages says that a socket's pings did not.
func whatCounts(c Case, whole *Evidence, onlyMessages bool) string {
	if c.Technique.Class != measure.ClassSocket {
		return "bytes of the body count (nothing else can be sent in such an answer)"
	}
	switch said := whole.part(saidSilence); {
	case onlyMessages:
		return "messages count, control frames do not"
	case said == nil:
		return "pings and their pongs count"
	default:
		if _, cut := firstCut(said); cut {
			return "the client's bytes count: its pongs keep it alive, the origin's messages alone do not"
		}
		return "any bytes count: pings and messages of the origin's"
	}
}

// saidSaves reports whether messages kept a socket alive.
func saidSaves(c Case, whole *Evidence) bool {
	said := whole.part(saidSilence)
	if said == nil {
		return false
	}
	_, cut := firstCut(said)
	return !cut && arrivedInTime(c, said)
}

// durationCause names what ends an exchange after a fixed time, busy or not. A
// limit on all exchanges may well reset the stream where that is how HTTP/2 ends
// one early: it is HTTP/2 that is cut only if HTTP/1.1 is not.
func durationCause(whole *Evidence, cut measure.Event) string {
	if cut.StreamReset {
		older := whole.part(http1)
		if older == nil || !older.Attached {
			return "h2-reset"
		}
		if _, cutToo := firstCut(older); !cutToo {
			return "h2-reset"
		}
	}
	if cut.EndKind == measure.EndClean {
		return "truncated"
	}
	return "max-duration"
}

// shown says in brackets how a cut showed at the client.
func shown(cut measure.Event) string {
	switch {
	case cut.StreamReset:
		return " (reset of the stream)"
	case cut.Status != 0:
		return fmt.Sprintf(" (status %d)", cut.Status)
	case cut.EndKind == "":
		return ""
	}
	return " (" + string(cut.EndKind) + ")"
}
