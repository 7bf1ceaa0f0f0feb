package scenarios

import (
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// cut is one time that the origin broke its stream off, and what became of it.
type cut struct {
	at   time.Time     // when the origin did it
	told measure.Event // the end that the client was shown; zero when it was shown none
	back time.Time     // when the origin took the client on again; zero when it never did
}

// cuts joins the origin's broken streams with what the client saw of each, in
// order. An end notice after a cut belongs to a later stream.
func cuts(e *Evidence) []cut {
	var out []cut
	for _, o := range e.Origin {
		switch {
		case o.Kind == measure.End && o.Note == brokenNote:
			out = append(out, cut{at: time.UnixMicro(o.T)})
		case o.Kind == measure.Headers && len(out) > 0 && out[len(out)-1].back.IsZero():
			out[len(out)-1].back = time.UnixMicro(o.T)
		}
	}
	for i := range out {
		until := int64(1) << 62
		if i+1 < len(out) {
			until = out[i+1].at.UnixMicro()
		}
		if !out[i].back.IsZero() {
			until = min(until, out[i].back.UnixMicro())
		}
		for _, ev := range e.Client {
			if ev.Kind == measure.End && ev.Note == "" && ev.T >= out[i].at.UnixMicro()-clockSlack.Microseconds() && ev.T <= until {
				out[i].told = ev
				break
			}
		}
	}
	return out
}

// clockSlack is how far apart two stamps of one moment may be.
const clockSlack = 5 * time.Millisecond

// gap is how long the client was away from the origin, as the origin's clock
// has it.
func (c cut) gap() (time.Duration, bool) {
	if c.back.IsZero() {
		return 0, false
	}
	return c.back.Sub(c.at), true
}

// gaps are those of the cuts after which the client came back.
func gaps(all []cut) []time.Duration {
	var out []time.Duration
	for _, c := range all {
		if g, ok := c.gap(); ok {
			out = append(out, g)
		}
	}
	return out
}

// wasTold reports whether the client was shown an end at all.
func (c cut) wasTold() bool { return c.told.Kind != "" }
