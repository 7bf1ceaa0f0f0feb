package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Where nobody reads along, what an application sent and when is inferred, by
// the best that its messages allow.
const (
	// steadyPace is how much two answers over the first path may differ at any
	// message for its pace to be called the same each time.
	steadyPace = 100 * time.Millisecond
	// together is how close to the end of an answer its last messages stand
	// when the end is what brought them.
	together = 100 * time.Millisecond
	// mostSetup bounds what a path's distance is taken to account for.
	mostSetup = 500 * time.Millisecond
)

// connected notes when an answer could have begun at the earliest: a path that
// is far away is late by the round trips that it takes to connect and to ask,
// and that is no fault in how it passes messages on. One round trip is what
// the connection took.
func (e *Evidence) connected(encrypted bool) {
	e.Ready = e.Started
	dials := ofKind(e.Client, measure.Dial)
	if len(dials) == 0 {
		return
	}
	setup := 2 * max(0, time.UnixMicro(dials[0].T).Sub(e.Started)) // to connect and to ask
	if encrypted {
		setup *= 2
	}
	e.Ready = e.Started.Add(min(setup, mostSetup))
}

// expect gives the messages of one exchange the times at which they should
// have come: by their own send times; else by the pace of the first path, if
// that is the same each time; else by the shape of the arrivals alone, where a
// message is taken to be late only by what the others of its batch show.
// rounds are all exchanges over the same path as e.
func (e *Evidence) expect(control, rounds []*Evidence) {
	arrivals := ofKind(e.Client, measure.Received)
	head, answered := firstHead(e)
	e.Attached = answered && (head.Status/100 == 2 || head.Status == http.StatusSwitchingProtocols)
	switch stamps, ok := ownTimes(arrivals, control); {
	case ok:
		e.schedule(arrivals, stamps, "by its own send times")
	case slices.Contains(control, e):
		e.schedule(arrivals, timesOf(arrivals), "as it came")
	case pace(control) != nil:
		e.schedulePace(arrivals, pace(control))
	default:
		e.schedule(arrivals, shape(e, arrivals, control, rounds), "by the shape of its arrivals")
	}
	e.Released = e.endBrought(arrivals)
	if e.Attached {
		e.Origin = append([]measure.Event{{Kind: measure.Headers, Side: measure.SideOrigin, Clock: "c1", Sub: 1, T: e.Started.UnixMicro(), Note: "expected"}}, e.Origin...)
	}
	if end, ended := e.End(); ended && e.wholeAs(control) {
		e.Origin = append(e.Origin, measure.Event{Kind: measure.End, Side: measure.SideOrigin, Clock: "c1", Sub: 1, T: end.T, EndKind: end.EndKind, Note: "expected"})
	}
}

func (e *Evidence) schedule(arrivals []measure.Event, due []time.Time, note string) {
	for i, a := range arrivals {
		e.Sent = append(e.Sent, Sent{ID: a.ID, Due: due[i], Bytes: a.Bytes, Sum: a.Sum})
		e.Origin = append(e.Origin, measure.Event{Kind: measure.Write, Side: measure.SideOrigin, Clock: "c1", Sub: 1,
			ID: a.ID, T: due[i].UnixMicro(), Bytes: a.Bytes, Note: "expected " + note})
	}
}

// schedulePace expects each message of the first path at its place.
func (e *Evidence) schedulePace(arrivals []measure.Event, offsets []time.Duration) {
	for i, after := range offsets {
		due := e.Ready.Add(after)
		bytes := 0
		if i < len(arrivals) {
			bytes = arrivals[i].Bytes
		}
		id := strconv.Itoa(i + 1)
		e.Sent = append(e.Sent, Sent{ID: id, Due: due, Bytes: bytes})
		e.Origin = append(e.Origin, measure.Event{Kind: measure.Write, Side: measure.SideOrigin, Clock: "c1", Sub: 1,
			ID: id, T: due.UnixMicro(), Bytes: bytes, Note: "expected by the pace of the first path"})
	}
	seen := 0
	for i := range e.Client {
		if ev := &e.Client[i]; ev.Kind == measure.Received {
			if seen++; seen > len(offsets) {
				ev.ID = surplus + strconv.Itoa(seen-len(offsets))
			}
		}
	}
	e.forgetUnsettled(len(e.Client) >= mostHeard)
}

func timesOf(arrivals []measure.Event) []time.Time {
	var out []time.Time
	for _, a := range arrivals {
		out = append(out, time.UnixMicro(a.T))
	}
	return out
}

// ownTimes are the send times that the messages carry, put on our clock by the
// fastest message over the first path: a constant distance of the two clocks
// disappears, and with it the time that even the fastest message took. Times
// too coarse to tell a message in time from a late one are none.
func ownTimes(arrivals []measure.Event, control []*Evidence) ([]time.Time, bool) {
	least, known := time.Duration(0), false
	for _, c := range control {
		ages, stamps := agesOf(ofKind(c.Client, measure.Received))
		if coarse(stamps) != "" {
			return nil, false
		}
		for _, age := range ages {
			if !known || age < least {
				least, known = age, true
			}
		}
	}
	_, stamps := agesOf(arrivals)
	if !known || len(arrivals) == 0 || len(stamps) < len(arrivals) || coarse(stamps) != "" {
		return nil, false
	}
	var out []time.Time
	for _, s := range stamps {
		out = append(out, time.UnixMicro(s).Add(least))
	}
	return out, true
}

// pace is when each message came over the first path, at its earliest, counted
// from when it could; nil when that differs from time to time.
func pace(control []*Evidence) []time.Duration {
	if len(control) < 2 {
		return nil
	}
	var least, most []time.Duration
	for i, c := range control {
		arrivals := ofKind(c.Client, measure.Received)
		if i > 0 && len(arrivals) != len(least) {
			return nil
		}
		for n, a := range arrivals {
			after := time.UnixMicro(a.T).Sub(c.Ready)
			if i == 0 {
				least, most = append(least, after), append(most, after)
				continue
			}
			least[n], most[n] = min(least[n], after), max(most[n], after)
		}
	}
	for n := range least {
		if most[n]-least[n] > steadyPace {
			return nil
		}
	}
	return least
}

// shape spreads the messages of each batch over the silence before it, at the
// distance that messages have over the first path. It does so only where
// messages come in larger batches than over the first path: an application that
// sends now and then several at once is nobody's fault. Nor is it one that its
// first message takes now longer and now shorter.
func shape(e *Evidence, arrivals []measure.Event, control, rounds []*Evidence) []time.Time {
	due := timesOf(arrivals)
	distance := usualDistance(control)
	usual := 0.0
	for _, c := range control {
		usual = max(usual, perBatch(ofKind(c.Client, measure.Received), distance))
	}
	if least := leastStretch(control); stretch(arrivals) < leastSpread && least >= 4*leastSpread {
		spreadPiece(e, arrivals, due, least)
	} else if n := perBatch(arrivals, distance); n >= 2 && n >= 1.7*usual {
		spreadBatches(e, arrivals, due, distance)
	}
	usually, here := firsts(control), firsts(rounds)
	latest := quantile(usually, 1)
	varies := latest - quantile(usually, 0)
	// Three times may lie close together by chance; hardly so on both paths.
	steady := varies <= steadyPace && quantile(here, 1)-quantile(here, 0) <= 3*steadyPace
	if len(due) == 0 || len(usually) == 0 || !steady || quantile(here, 0) <= latest+varies {
		return due
	}
	if should := e.Ready.Add(latest + varies); should.Before(due[0]) {
		due[0] = should
	}
	return due
}

// firsts are when the first message of each exchange came, counted from when
// it could.
func firsts(exchanges []*Evidence) []time.Duration {
	var out []time.Duration
	for _, e := range exchanges {
		if all := ofKind(e.Client, measure.Received); len(all) > 0 {
			out = append(out, time.UnixMicro(all[0].T).Sub(e.Ready))
		}
	}
	return out
}

// stretch is the time from the first message to the last.
func stretch(arrivals []measure.Event) time.Duration {
	if len(arrivals) == 0 {
		return 0
	}
	return time.Duration(arrivals[len(arrivals)-1].T-arrivals[0].T) * time.Microsecond
}

// leastStretch is the shortest of them over the first path.
func leastStretch(control []*Evidence) time.Duration {
	var all []time.Duration
	for _, c := range control {
		all = append(all, stretch(ofKind(c.Client, measure.Received)))
	}
	return quantile(all, 0)
}

// spreadPiece spreads an answer that came in one piece, and late, over the
// time that the first path takes at least. One that came sooner is none that
// was held.
func spreadPiece(e *Evidence, arrivals []measure.Event, due []time.Time, least time.Duration) {
	if len(due) < 2 || e.lasted() < least/2 {
		return
	}
	at := due[len(due)-1]
	over := min(least, at.Sub(e.Ready))
	for i := range due {
		due[i] = at.Add(-over * time.Duration(len(due)-1-i) / time.Duration(len(due)-1))
	}
}

// batchEnd is where the batch ends that begins at a message.
func batchEnd(arrivals []measure.Event, start int, distance time.Duration) int {
	gap := min(25*time.Millisecond, distance/3)
	end := start + 1
	for end < len(arrivals) && time.Duration(arrivals[end].T-arrivals[end-1].T)*time.Microsecond < gap {
		end++
	}
	return end
}

// perBatch is how many messages come together on the average.
func perBatch(arrivals []measure.Event, distance time.Duration) float64 {
	n := 0
	for start := 0; start < len(arrivals); start = batchEnd(arrivals, start, distance) {
		n++
	}
	return float64(len(arrivals)) / float64(max(1, n))
}

func spreadBatches(e *Evidence, arrivals []measure.Event, due []time.Time, distance time.Duration) {
	for start := 0; start < len(due); {
		end := batchEnd(arrivals, start, distance)
		before := e.Ready
		if start > 0 {
			before = time.UnixMicro(arrivals[start-1].T)
		}
		silence := max(0, time.UnixMicro(arrivals[start].T).Sub(before))
		at := time.UnixMicro(arrivals[end-1].T)
		for i := start; i < end; i++ {
			due[i] = at.Add(-min(silence, time.Duration(end-1-i)*distance))
		}
		start = end
	}
}

// usualDistance is the median time between two messages over the first path.
func usualDistance(control []*Evidence) time.Duration {
	var gaps []time.Duration
	for _, c := range control {
		gaps = append(gaps, gapsOf(ofKind(c.Client, measure.Received))...)
	}
	return quantile(gaps, .5)
}

func gapsOf(arrivals []measure.Event) []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(arrivals); i++ {
		gaps = append(gaps, time.Duration(arrivals[i].T-arrivals[i-1].T)*time.Microsecond)
	}
	return gaps
}

// endBrought is the moment just before the end of the answer brought its last
// messages, if it did: several of them, at once, with the end right behind.
func (e *Evidence) endBrought(arrivals []measure.Event) time.Time {
	end, ended := e.End()
	if !ended || len(arrivals) < 3 {
		return time.Time{}
	}
	last := arrivals[len(arrivals)-3:]
	if time.Duration(end.T-last[0].T)*time.Microsecond > together {
		return time.Time{}
	}
	first := slices.IndexFunc(arrivals, func(a measure.Event) bool {
		return time.Duration(end.T-a.T)*time.Microsecond <= together
	})
	return time.UnixMicro(arrivals[first].T - 1)
}

// wholeAs reports whether the answer brought as many messages as over the
// first path, or its end mark: then the application ended it.
func (e *Evidence) wholeAs(control []*Evidence) bool {
	if end, ok := e.End(); ok && end.Note != "" {
		return true
	}
	mine := len(ofKind(e.Client, measure.Received))
	return slices.ContainsFunc(control, func(c *Evidence) bool {
		return mine >= len(ofKind(c.Client, measure.Received))
	})
}

// provenance says in words how the schedule of an exchange is known.
func (e *Evidence) provenance() string {
	for _, o := range e.Origin {
		if o.Kind == measure.Write && o.Note != "" {
			return o.Note
		}
	}
	return fmt.Sprintf("%d messages read along at the application", len(e.Sent))
}
