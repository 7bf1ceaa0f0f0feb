package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryFanIn7 asks whether one client, or a household behind one address,
// can hold 1, 6 and 7 streams at once: a browser's six connections to a host,
// and one more.
func DeliveryFanIn7() Check {
	return fanIn("delivery/fan-in-7", Thorough, smallCrowdName, smallCrowd)
}

// DeliveryFanIn asks the same up to 100 streams.
func DeliveryFanIn() Check {
	return fanIn("delivery/fan-in", Full, crowdName, crowd)
}

func fanIn(id string, tier Tier, trial string, sizes []int) Check {
	most := sizes[len(sizes)-1]
	return Check{
		ID: id, Question: fmt.Sprintf("Are %d streams at once served through one path?", most),
		Kind: measure.Required, Axis: measure.Delivery, Tier: tier, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{crowdTrial(trial, sizes)},
		Judge:  func(c Case) Finding { return judgeFanIn(c, c.Evidence[trial]) },
	}
}

// fewStreams is how many streams a path must serve for a technique to be of
// use on it at all; a limit above it degrades.
const fewStreams = 7

func judgeFanIn(c Case, e *Evidence) Finding {
	last := e.Stages[len(e.Stages)-1]
	open := len(openStreams(e))
	f := Finding{Verdict: measure.Works, Want: []string{fmt.Sprintf("each of %d streams opens", last.Streams), fmt.Sprintf("each message at each within %s", short(c.Limits.Prompt))}}
	f.Values = map[string]float64{"streams": float64(last.Streams), "streams_open": float64(open)}
	f.EndedBy, f.EndKind = e.Parts[0].EndedBy()
	if bad, failed := openingFailure(c, e.Parts[0]); failed && open == 0 {
		f.Verdict, f.Cause, f.Got = measure.Broken, bad.cause, bad.got
		return f
	}
	refused := 0
	for _, p := range e.Parts {
		refused += len(p.Refusals())
	}
	for i, s := range e.Stages {
		late, lost, worst := lateAt(c, e, s)
		if worst > 0 {
			f.Values["delay_max_ms"] = max(f.Values["delay_max_ms"], ms(worst))
		}
		if late+lost == 0 {
			continue
		}
		f.Doubtful = true
		if i <= 1 && open < last.Streams {
			break // that others do not open shows all the same
		}
		if i <= 1 { // with a single stream
			return Finding{Verdict: measure.Untested, Values: f.Values, Doubtful: late+lost < crowdMessages,
				Got: fmt.Sprintf("with one stream already %d late and %d lost, so more of them show nothing", late, lost)}
		}
		f.Verdict, f.Cause = measure.Degraded, "unknown"
		if lost > 0 || worst > c.Limits.Late {
			f.Verdict = measure.Broken
		}
		f.Got = fmt.Sprintf("with %d streams %d messages late, at most %s, and %d lost; with fewer none", s.Streams, late, short(worst), lost)
		if starved(c, s) {
			f.Cause = "thread-starvation"
			f.Got += "; the origin itself was busy"
		} else if originWasLate(c, e, s) {
			f.Cause = "origin-slow"
			f.Got += "; the origin itself wrote them late"
		}
		break
	}
	switch {
	case open < last.Streams:
		d := diagnoseClosed(c, e, last, open)
		f.Verdict, f.Cause, f.Got = measure.Degraded, d.cause, d.got
		if open < fewStreams && d.cause != "browser-connection-limit" {
			f.Verdict = measure.Broken
		}
		f.Doubtful = d.cause != "connection-limit"
	case refused > 0 && f.Verdict == measure.Works:
		f.Verdict, f.Cause = measure.Degraded, "connection-limit"
		f.Values["refused"] = float64(refused)
		f.Got = fmt.Sprintf("%d streams got in, but the path refused %d requests meanwhile", open, refused)
	case f.Verdict == measure.Works:
		f.Got = fmt.Sprintf("all %d streams open, every message at most %.0f ms late", open, f.Values["delay_max_ms"])
	}
	return f
}

// openStreams are those that the origin took on before it ended all of them.
func openStreams(e *Evidence) []*Evidence {
	var out []*Evidence
	for _, p := range e.Parts {
		taken := slices.ContainsFunc(p.Origin, func(o measure.Event) bool {
			return o.Kind == measure.Headers && (p.Released.IsZero() || o.T < p.Released.UnixMicro())
		})
		if taken {
			out = append(out, p)
		}
	}
	return out
}

// lateAt counts the messages of a stage that did not come in time at the
// streams there were.
func lateAt(c Case, e *Evidence, s Stage) (late, lost int, worst time.Duration) {
	for _, a := range arrivalsAt(e, s) {
		switch {
		case a.At.IsZero():
			lost++
		default:
			worst = max(worst, a.Delay)
			if a.Delay > c.Limits.Prompt {
				late++
			}
		}
	}
	return late, lost, worst
}

// arrivalsAt are the messages of a stage at each stream that was open.
func arrivalsAt(e *Evidence, s Stage) []Arrival {
	if s.First == s.Last {
		return nil
	}
	due := e.Parts[0].Sent[s.First:s.Last]
	var out []Arrival
	for _, p := range e.Parts[:s.Streams] {
		for _, a := range p.Arrivals() {
			if slices.ContainsFunc(due, func(d Sent) bool { return d.ID == a.ID }) {
				out = append(out, a)
			}
		}
	}
	return out
}

func originWasLate(c Case, e *Evidence, s Stage) bool {
	late, own := 0, 0
	for _, a := range arrivalsAt(e, s) {
		if a.At.IsZero() || a.Delay <= c.Limits.Prompt {
			continue
		}
		late++
		if !a.Wrote.IsZero() && a.Wrote.Sub(a.Due) > c.Limits.Prompt {
			own++
		}
	}
	return own > late/2
}

// starved reports whether the origin had no answer in time for a request that
// did not come through the path, while it had one before.
func starved(c Case, s Stage) bool { return s.Direct < 0 || s.Direct > c.Limits.Prompt }

// diagnoseClosed says why not all streams opened.
func diagnoseClosed(c Case, e *Evidence, s Stage, open int) diagnosis {
	d := diagnosis{cause: "half-open", got: fmt.Sprintf("%d of %d streams opened", open, s.Streams)}
	var unasked, refused, closed, later int
	var refusals []int
	taken := openStreams(e)
	dials := slices.ContainsFunc(taken, func(p *Evidence) bool { return has(measure.Dial)(p.Client) })
	for _, p := range e.Parts {
		if slices.Contains(taken, p) {
			continue
		}
		head, answered := firstHead(p)
		switch {
		case answered && head.Status >= 400 && (p.Released.IsZero() || head.T < p.Released.UnixMicro()):
			refused++
			refusals = append(refusals, head.Status)
		case dials && before(p, measure.Dial) == 0:
			unasked++
		case before(p, measure.Failed)+before(p, measure.End) > 0:
			closed++
		case answered || len(p.Origin) > 0:
			later++
		}
	}
	switch {
	case starved(c, s):
		d.cause = "thread-starvation"
		d.got += fmt.Sprintf("; the origin itself had no place for more: asked directly it took %s", orNever(s.Direct))
	case refused > 0:
		d.cause = "connection-limit"
		d.got += fmt.Sprintf("; the path refused %d (status %s), the origin answered at once when asked directly", refused, statuses(refusals))
	case unasked > 0:
		d.cause = "browser-connection-limit"
		d.got += fmt.Sprintf("; %d never left the client, which had no connection for them", unasked)
	case later > 0 && !dials && openDirectly(c, e) <= open: // of a client that tells nothing of its connections
		d.cause = "browser-connection-limit"
		d.got += fmt.Sprintf("; %d waited until another ended, over the direct path as well", later)
	case closed > 0:
		d.cause = "connection-limit"
		d.got += fmt.Sprintf("; the path closed %d connections without an answer", closed)
	case later > 0:
		d.cause = "thread-starvation"
		d.got += fmt.Sprintf("; %d waited at the path until another ended, while the origin answered at once when asked directly", later)
	default:
		d.got += "; the others were neither served nor refused, not even when these ended"
	}
	return d
}

// openDirectly is how many streams opened over the direct path; 0 where this is
// the direct path, with nobody but the client to limit them.
func openDirectly(c Case, e *Evidence) int {
	if control := c.Control[e.Trial]; control != nil {
		return len(openStreams(control))
	}
	return 0
}

// before counts a client's events of a kind before the trial ended it.
func before(e *Evidence, kind measure.EventKind) int {
	n := 0
	for _, ev := range ofKind(e.Client, kind) {
		if e.Released.IsZero() || ev.T < e.Released.UnixMicro() {
			n++
		}
	}
	return n
}

func orNever(d time.Duration) string {
	if d < 0 {
		return "longer than " + short(ordinaryWait)
	}
	return short(d)
}
