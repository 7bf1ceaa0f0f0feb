package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Evidence is all that is known of one trial. Times in it are on the
// coordinator's clock.
type Evidence struct {
	Trial    string
	Started  time.Time
	Sent     []Sent
	Client   []measure.Event
	Origin   []measure.Event
	Ready    time.Time     // when an answer could have begun at the earliest; run --via
	Attached bool          // the origin accepted a subscription
	Released time.Time     // when the trial had the origin end the exchange; zero if never
	Left     time.Time     // when the trial made the client leave; zero if never
	Lag      time.Duration // how late the publisher itself was at worst
	Scale    float64       // of policy time on this path; 1 is unscaled
	Scalable bool          // the path could be scaled
	Stats    proxies.Stats // the proxy's counters for this trial
	Parts    []*Evidence   // for trials made of several exchanges, in order

	Interval  time.Duration // poll interval used, 0 for pushed techniques
	Heartbeat time.Duration // silence trials: heartbeat asked for, wire time
	Waited    time.Duration // silence trials: how long the silence was meant to last
}

// Sent is one message of the schedule.
type Sent struct {
	ID    string
	Due   time.Time
	Bytes int    // of the published body
	Sum   string // of its data, as clients report it (measure.SumJSON)
}

// Arrival joins a sent message with what became of it.
type Arrival struct {
	Sent
	At time.Time // zero when it never arrived
	// Delay is how late it arrived: counted from when it was due or, if the
	// publisher itself was late, from when the origin had it. What this machine
	// does to its own schedule is no delay of the path's. Meaningless when it
	// never arrived.
	Delay time.Duration
	Wire  int       // bytes the origin wrote for it, 0 when it wrote none
	Wrote time.Time // when the origin wrote it
	Times int       // how often it arrived
	// Altered says that the client parsed other data than was sent.
	Altered bool
}

// Arrivals joins the schedule with the client's events, in sending order.
func (e *Evidence) Arrivals() []Arrival {
	out := make([]Arrival, len(e.Sent))
	index := make(map[string]int, len(e.Sent))
	for i, s := range e.Sent {
		out[i].Sent = s
		index[s.ID] = i
	}
	from := make([]time.Time, len(e.Sent))
	for i, s := range e.Sent {
		from[i] = s.Due
	}
	for _, ev := range e.Origin {
		i, ok := index[ev.ID]
		switch at := time.UnixMicro(ev.T); {
		case !ok:
		case ev.Kind == measure.Write && out[i].Wrote.IsZero():
			out[i].Wire, out[i].Wrote = ev.Bytes, at
		case ev.Kind == measure.Publish && at.After(from[i]):
			from[i] = at
		}
	}
	for _, ev := range e.Client {
		if ev.Kind != measure.Received {
			continue
		}
		i, ok := index[ev.ID]
		if !ok {
			continue
		}
		out[i].Times++
		out[i].Altered = out[i].Altered || ev.Sum != "" && out[i].Sum != "" && ev.Sum != out[i].Sum
		if out[i].At.IsZero() {
			out[i].At = time.UnixMicro(ev.T)
			out[i].Delay = max(0, out[i].At.Sub(from[i]))
		}
	}
	return out
}

// Counts are the losses of an exchange.
type Counts struct {
	Sent, Received, Lost, Duplicated, Reordered, Altered int
}

// Counts compares what was sent with what arrived, whenever it arrived.
func (e *Evidence) Counts() Counts {
	c := Counts{Sent: len(e.Sent)}
	for _, a := range e.Arrivals() {
		if a.Times == 0 {
			c.Lost++
			continue
		}
		c.Received++
		if a.Altered {
			c.Altered++
		}
		c.Duplicated += a.Times - 1
	}
	order := make(map[string]int, len(e.Sent))
	for i, s := range e.Sent {
		order[s.ID] = i
	}
	last := -1
	for _, ev := range e.Client {
		i, ok := order[ev.ID]
		if ev.Kind != measure.Received || !ok {
			continue
		}
		if i < last {
			c.Reordered++
		}
		last = max(last, i)
	}
	return c
}

// Headers returns the response heads that the client saw.
func (e *Evidence) Headers() []measure.Event { return ofKind(e.Client, measure.Headers) }

// Requests returns the subscribe requests that the origin accepted.
func (e *Evidence) Requests() []measure.Event { return ofKind(e.Origin, measure.Headers) }

// HTTPUpstream is the protocol version in which the origin was asked, "" when
// it was not.
func (e *Evidence) HTTPUpstream() string {
	for _, ev := range e.Origin {
		if ev.HTTP != "" {
			return ev.HTTP
		}
	}
	return ""
}

// exchanges are the parts of a trial made of several, else the trial itself.
func (e *Evidence) exchanges() []*Evidence {
	if len(e.Parts) > 0 {
		return e.Parts
	}
	return []*Evidence{e}
}

// Malformed counts the pieces that the client could not make sense of within
// sound framing, those aside that the origin sent so itself, as far as
// somebody read along: something on the way wrote into the stream.
func (e *Evidence) Malformed() int { return max(0, malformedIn(e.Client)-malformedIn(e.Origin)) }

func malformedIn(events []measure.Event) int {
	n := 0
	for _, ev := range events {
		if malformed(ev) && !strings.HasPrefix(ev.Note, clients.BrokenOff) {
			n++
		}
	}
	return n
}

func malformed(ev measure.Event) bool { return ev.Kind == measure.Failed && ev.Bytes > 0 }

// Refusals lists the statuses of 400 and above that the client was given and
// the origin did not give: the path's own.
func (e *Evidence) Refusals() []int {
	own := map[int]int{}
	for _, o := range e.Origin {
		if o.Kind == measure.Failed {
			own[o.Status]++
		}
	}
	var out []int
	for _, h := range e.Headers() {
		if h.Status < 400 {
			continue
		}
		if own[h.Status] > 0 {
			own[h.Status]--
			continue
		}
		out = append(out, h.Status)
	}
	return out
}

// FromCache reports whether the client was given more good answers than the
// origin was asked for.
func (e *Evidence) FromCache() bool {
	good := 0
	for _, h := range e.Headers() {
		if h.Status == 200 {
			good++
		}
	}
	return len(e.Origin) > 0 && good > len(e.Requests())
}

// End returns the client's last end event.
func (e *Evidence) End() (measure.Event, bool) {
	ends := ofKind(e.Client, measure.End)
	if len(ends) == 0 {
		return measure.Event{}, false
	}
	return ends[len(ends)-1], true
}

// EndedBy says who ended the exchange first, as far as the two ends can tell.
func (e *Evidence) EndedBy() (string, measure.EndKind) {
	end, ok := e.End()
	if !ok {
		if !e.Left.IsZero() {
			return "client", ""
		}
		return "unknown", measure.EndSilence
	}
	if !e.Left.IsZero() && end.T >= e.Left.UnixMicro() {
		return "client", end.EndKind
	}
	if end.Note != "" && end.EndKind == measure.EndClean {
		return "origin", measure.EndClean // an end notice of the origin's own
	}
	for _, o := range e.Origin {
		if o.Kind == measure.End && o.T <= end.T {
			return "origin", end.EndKind
		}
	}
	return "proxy", end.EndKind
}

func ofKind(events []measure.Event, kind measure.EventKind) []measure.Event {
	var out []measure.Event
	for _, e := range events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// distinctConns counts the connections that events of one side name.
func distinctConns(events []measure.Event) int {
	var seen []int
	for _, e := range events {
		if e.Conn != 0 && !slices.Contains(seen, e.Conn) {
			seen = append(seen, e.Conn)
		}
	}
	return len(seen)
}
