package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// hold puts what the gateway read along beside what the client saw: its record
// becomes the schedule.
func (e *Evidence) hold(record []measure.Event, raw bool) {
	e.Origin = record
	e.Attached = accepted(record)
	full := len(e.Client) >= mostHeard
	sub := 0
	for _, o := range record {
		if o.Kind == measure.Write {
			sub = o.Sub // of a request that was repeated, the last answer counts
		}
	}
	var sent []measure.Event
	for i, o := range record {
		switch at := time.UnixMicro(o.T); {
		case o.Kind == measure.Write && o.Sub != sub:
			record[i].ID = "" // an answer that was thrown away
		case o.Kind == measure.Write:
			sent = append(sent, o)
		case o.Kind == measure.End && o.Sub == sub && (e.Released.IsZero() || at.Before(e.Released)):
			e.Released = at
		}
	}
	if raw {
		e.Client = byOffset(sent, e.Client)
	} else {
		e.Client = aligned(sent, e.Client)
	}
	for _, o := range sent {
		e.Sent = append(e.Sent, Sent{ID: o.ID, Due: time.UnixMicro(o.T), Bytes: o.Bytes, Sum: o.Sum})
	}
	e.forgetUnsettled(full)
}

// forgetUnsettled drops what was sent so late, before we ended the exchange
// ourselves, that it may still have been under way. full says that the client
// stopped listening in the middle: then all behind its last message is such.
func (e *Evidence) forgetUnsettled(full bool) {
	cut := e.Left
	if cut.IsZero() || !e.Released.IsZero() && e.Released.Before(cut) {
		cut = e.Released
	}
	if _, ended := e.originEnd(); !full && (ended || cut.IsZero()) {
		return
	}
	arrived := map[string]bool{}
	for _, ev := range ofKind(e.Client, measure.Received) {
		arrived[ev.ID] = true
	}
	for n := len(e.Sent); n > 0 && !arrived[e.Sent[n-1].ID] && (full || cut.Sub(e.Sent[n-1].Due) < unsettled); n-- {
		e.Sent = e.Sent[:n-1]
	}
}

// originEnd is the end that the application itself made.
func (e *Evidence) originEnd() (measure.Event, bool) {
	ends := ofKind(e.Origin, measure.End)
	if len(ends) == 0 {
		return measure.Event{}, false
	}
	return ends[len(ends)-1], true
}

// surplus begins the ids of what arrived and was not sent.
const surplus = "surplus-"

// surpluses counts what arrived and was not sent.
func (e *Evidence) surpluses() int {
	n := 0
	for _, ev := range ofKind(e.Client, measure.Received) {
		if strings.HasPrefix(ev.ID, surplus) {
			n++
		}
	}
	return n
}

// aligned gives the messages that arrived the ids of those that were sent, by
// their content and order.
func aligned(sent, client []measure.Event) []measure.Event {
	places := map[string][]int{} // of each content, in order
	for i, s := range sent {
		places[s.Sum] = append(places[s.Sum], i)
	}
	next, extra := 0, 0
	for i := range client {
		ev := &client[i]
		if ev.Kind != measure.Received {
			continue
		}
		all := places[ev.Sum]
		behind, _ := slices.BinarySearch(all, next)
		at := next
		switch {
		case behind < len(all): // the next with this content
			at = all[behind]
			next = at + 1
		case len(all) > 0: // there was one before
			at = all[0]
		case next < len(sent): // it stands where another one should
			next++
		default:
			extra++
			ev.ID = surplus + strconv.Itoa(extra)
			continue
		}
		ev.ID = sent[at].ID
	}
	return client
}

// byOffset says when the last byte of each piece that was sent had arrived,
// for framings without delimiters: both ends cut as they please.
func byOffset(sent, client []measure.Event) []measure.Event {
	var out []measure.Event
	next, need, have := 0, 0, 0
	if len(sent) > 0 {
		need = sent[0].Bytes
	}
	var last measure.Event
	for _, ev := range client {
		if ev.Kind != measure.Received {
			out = append(out, ev)
			continue
		}
		last = ev
		for have += ev.Bytes; next < len(sent) && have >= need; {
			ev.ID, ev.Bytes, ev.Sum = sent[next].ID, sent[next].Bytes, ""
			out = append(out, ev)
			if next++; next < len(sent) {
				need += sent[next].Bytes
			}
		}
	}
	if next == len(sent) && have > need {
		last.ID, last.Bytes, last.Sum = surplus+"1", have-need, ""
		out = append(out, last)
	}
	return out
}
