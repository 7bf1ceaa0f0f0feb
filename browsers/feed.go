package browsers

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// feed joins what the page reports with what the browser's network saw into
// the events of one client. The page knows messages and why it stopped reading;
// the network knows response heads, connections and how the wire ended. The two
// come by different ways inside the browser, so that a report waits in order
// until the network's word on its exchange is there, or has not come within
// networkWithin. It is used by one goroutine, which says what time it is.
type feed struct {
	path   string // of the subscription; everything else is the page's own
	host   string
	polls  bool  // each message travels in an answer that ends
	alone  bool  // there is no word from the network: the page's has to do
	offset int64 // adds to the page's clock
	sink   func(measure.Event)
	frames *measure.Frames // nil: nobody asked

	byRequest map[string]*exchange
	byNumber  map[int]*exchange
	newest    int
	conns     map[string]int
	connCount int
	waiting   []waiting
	since     time.Time // when the first one began to wait
	over      bool      // nothing more will come: the page is done, or the origin said so
}

// networkWithin is how long a page's report waits for the network's word on
// the same exchange, and how long the network's word that an exchange is over
// waits for the page's.
const networkWithin = 500 * time.Millisecond

// waiting is a report or an event that others must not overtake.
type waiting struct {
	exchange int
	sight    sight
	event    *measure.Event // ready as it is
}

func newFeed(target *url.URL, polls bool, offset int64, sink func(measure.Event)) *feed {
	return &feed{
		path: target.EscapedPath(), host: hostPort(target), polls: polls, offset: offset, sink: sink,
		byRequest: map[string]*exchange{}, byNumber: map[int]*exchange{}, conns: map[string]int{},
	}
}

// report takes what the page said through its binding.
func (f *feed) report(payload string, now time.Time) {
	s, err := parseSight(payload)
	if err != nil {
		s = sight{Kind: string(measure.Failed), Note: err.Error(), T: now.UnixMicro() - f.offset, Exchange: f.newest}
	}
	if s.Kind == framed {
		f.frame(measure.FrameAct(s.Note), s.T+f.offset)
		return
	}
	if len(f.waiting) == 0 {
		f.since = now
	}
	f.waiting = append(f.waiting, waiting{exchange: s.Exchange, sight: s})
	f.drain(now)
}

// frame notes what a frame does.
func (f *feed) frame(act measure.FrameAct, t int64) {
	if f.frames != nil {
		f.frames.Add(act, t)
	}
}

// drain passes on, in order, what is ready or has waited long enough.
func (f *feed) drain(now time.Time) {
	for len(f.waiting) > 0 && !f.over {
		w := f.waiting[0]
		if !f.ready(w) && now.Sub(f.since) < networkWithin {
			return
		}
		f.waiting = f.waiting[1:]
		f.since = now
		f.pass(w)
	}
}

// flush passes on everything that still waits: nobody will say more.
func (f *feed) flush() {
	for len(f.waiting) > 0 && !f.over {
		w := f.waiting[0]
		f.waiting = f.waiting[1:]
		f.pass(w)
	}
}

// due is when the caller should look again; zero when there is nothing to wait
// for.
func (f *feed) due() time.Time {
	var due time.Time
	if len(f.waiting) > 0 {
		due = f.since.Add(networkWithin)
	}
	for _, x := range f.byNumber {
		if d := x.closedAt.Add(networkWithin); x.closed && !x.cut && (due.IsZero() || d.Before(due)) {
			due = d
		}
	}
	return due
}

// unnoticed returns an exchange that is over for the network and not for the
// page, once for each; 0 for none.
func (f *feed) unnoticed(now time.Time) int {
	for _, x := range f.byNumber {
		if x.closed && !x.cut && now.Sub(x.closedAt) >= networkWithin {
			x.cut = true
			return x.number
		}
	}
	return 0
}

// ready reports whether the network has said what w needs.
func (f *feed) ready(w waiting) bool {
	if f.alone || w.event != nil || w.sight.Kind == done || w.sight.Kind == string(measure.Reconnect) {
		return true
	}
	x := f.byNumber[w.exchange]
	if x == nil {
		return false
	}
	return x.closed || x.status != 0 && !w.sight.Last
}

// pass gives w to the sink.
func (f *feed) pass(w waiting) {
	if w.event != nil {
		f.sink(*w.event)
		return
	}
	x := f.byNumber[w.exchange]
	if x == nil {
		x = &exchange{number: w.exchange} // the network never told: the page's word has to do
		if f.alone {
			f.byNumber[x.number] = x
		}
	}
	e := w.sight.event(f.offset)
	e.Conn = x.conn
	if f.alone && e.Kind == measure.Headers {
		x.status, x.socket = e.Status, e.Status == http.StatusSwitchingProtocols
		f.sink(e)
		return
	}
	switch {
	case w.sight.Kind == done:
		f.over = true
	case w.sight.Last:
		f.end(x, e)
	case e.Kind == measure.Headers && x.status != 0:
		// The network told it better.
	default:
		e.HeldUS = x.came.held(e)
		f.sink(e)
	}
}

// end passes on the last report of an exchange, made precise by what the
// network saw, in the words of the Go clients.
func (f *feed) end(x *exchange, e measure.Event) {
	defer delete(f.byNumber, x.number)
	if f.alone && !f.polls && e.Kind == measure.End && e.Note == "" {
		e.EndKind = "" // a stream that was cut may look whole to the page
	}
	switch {
	case x.status == 0 && x.ended.text == "":
		f.sink(e) // the network has nothing to add
	case x.status == 0:
		e.Kind, e.Note = measure.Failed, x.ended.text
		e.EndKind = ""
		f.sink(e)
		f.sinkEnd(e, x.ended.kind, "")
	case x.gone():
		f.over = true
		e.Status = x.status
		f.sinkEnd(e, measure.EndStatus, "terminated")
	case !x.accepted():
		e.Kind, e.Status, e.Note, e.EndKind = measure.Failed, x.status, "status "+strconv.Itoa(x.status), ""
		f.sink(e)
		f.sinkEnd(e, measure.EndStatus, "")
	default:
		f.endOfAnswer(x, e)
	}
}

// endOfAnswer is end for an answer that was a subscription.
func (f *feed) endOfAnswer(x *exchange, e measure.Event) {
	kind := x.ended.kind
	if f.alone || x.socket && x.ended.text == "" {
		kind = e.EndKind // only the page knows
	}
	if e.Kind == measure.Failed && x.socket {
		e.Kind, e.Note = measure.End, "" // it broke before the page was told that it was open
	}
	if e.Kind == measure.Failed {
		// A whole answer of which the technique could make nothing, or a poll's
		// cut in two. A stream that is cut just ends.
		if f.polls || x.ended.text == "" {
			e.EndKind = ""
			f.sink(e)
		}
		f.sinkEnd(e, kind, "")
		return
	}
	if e.Note == "" { // an end notice makes every close a clean one
		e.EndKind = kind
	}
	f.sink(e)
}

// sinkEnd passes on an end at the same moment as e, if it is known how.
func (f *feed) sinkEnd(e measure.Event, kind measure.EndKind, note string) {
	if kind == "" {
		return
	}
	e.Kind, e.EndKind, e.Note = measure.End, kind, note
	f.sink(e)
}
