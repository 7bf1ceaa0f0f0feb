package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/plays"
)

// Evidence is all that is known of one trial. Times in it are on the
// coordinator's clock.
type Evidence struct {
	Trial    string
	Part     string // which of the trial's exchanges it is
	Started  time.Time
	Sent     []Sent
	Client   []measure.Event
	Origin   []measure.Event
	Ready    time.Time // when an answer could have begun at the earliest; run --via
	Attached bool      // the origin accepted a subscription
	// OriginBusy says that the origin, asked directly, had no answer either, and
	// TakenLate that it took the subscription on once the trial had given it up.
	OriginBusy, TakenLate bool
	Released              time.Time       // when the trial had the origin end the exchange; zero if never
	Left                  time.Time       // when the trial made the client leave; zero if never
	Disturbed             time.Time       // when the trial began to reload the path or to stop the origin; zero if never
	Restored              time.Time       // when that was done, and the path or the origin was there again
	Lag                   time.Duration   // how late the publisher itself was at worst
	Scale                 float64         // of policy time on this path; 1 is unscaled
	Scalable              bool            // the path could be scaled
	Stats                 proxies.Stats   // the proxy's counters for this trial
	Parts                 []*Evidence     // for trials made of several exchanges, in order
	Stages                []Stage         // crowd trials: how it grew; its streams are the Parts
	Asked                 int             // requests that the client made; 0 when it came back by itself as often as it liked
	Forward               bool            // through a forward proxy, which leaves TLS to the origin
	Choice                *measure.Choice // fallback trials: what the client ended up with
	Answer                measure.Answer  // of a single request; the zero one for subscriptions

	Play plays.Performance // demo trials: how it went

	Wire []WireAt      // bytes trials: the counters at the end of each phase
	CPU  time.Duration // CPU trials: what the origin's process used while messages flowed

	Frames []measure.FrameSight // frames trials: what the frames did before the end

	Memory []int64 // memory trials: bytes that the client held before, behind the last message, and a while after recycling

	// Rate is how many bytes a second still came, of a message that was not
	// complete, when the trial stopped waiting; 0 when none did.
	Rate float64

	Interval  time.Duration // poll interval used, 0 for pushed techniques
	Heartbeat time.Duration // silence trials: heartbeat asked for, wire time
	Waited    time.Duration // silence trials: how long the silence was meant to last
}

// WireAt is what the client's connections had carried at a moment, in bytes.
type WireAt struct {
	At      time.Time
	In, Out int64
}

// Sent is one message of the schedule.
type Sent struct {
	ID    string
	Due   time.Time
	Bytes int    // of the published body
	Sum   string // of its data, as clients report it (measure.SumJSON)
	Kind  string // what it is meant to try, "" for an ordinary one
}

// Arrival joins a sent message with what became of it.
type Arrival struct {
	Sent
	At time.Time // zero when it never arrived
	// Had is when the origin had it, or when it was due if the origin had it
	// sooner.
	Had time.Time
	// Delay is how late it arrived, counted from Had: what this machine does to
	// its own schedule is no delay of the path's. Meaningless when it never
	// arrived.
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
		out[i].Sent, out[i].Had = s, s.Due
		index[s.ID] = i
	}
	for _, ev := range e.Origin {
		i, ok := index[ev.ID]
		switch at := time.UnixMicro(ev.T); {
		case !ok:
		case ev.Kind == measure.Write && out[i].Wrote.IsZero():
			out[i].Wire, out[i].Wrote = ev.Bytes, at
		case ev.Kind == measure.Publish && at.After(out[i].Had):
			out[i].Had = at
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
			out[i].Delay = max(0, out[i].At.Sub(out[i].Had))
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

// part finds one of a trial's exchanges, nil when it was not made.
func (e *Evidence) part(name string) *Evidence {
	if e == nil {
		return nil
	}
	for _, p := range e.exchanges() {
		if p.Part == name {
			return p
		}
	}
	return nil
}

// inParts makes one evidence of several exchanges: the first stands for all.
func inParts(parts ...*Evidence) *Evidence {
	parts[0].Parts = parts
	return parts[0]
}

// Arrived counts the requests that reached the origin, refused ones included.
func (e *Evidence) Arrived() int {
	subs := map[int]bool{}
	for _, o := range e.Origin {
		if o.Sub > 0 && (o.Kind == measure.Headers || o.Kind == measure.Failed) {
			subs[o.Sub] = true
		}
	}
	return len(subs)
}

// Repeated is how many requests reached the origin that the client never made.
func (e *Evidence) Repeated() int {
	if e.Asked == 0 {
		return 0
	}
	return max(0, e.Arrived()-e.Asked)
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
// origin was asked for. A protocol may say no in an answer that looks good.
func (e *Evidence) FromCache() bool {
	good, refused := 0, 0
	for _, h := range e.Headers() {
		switch {
		case h.Status == 200:
			good++
		case h.Status >= 400:
			refused--
		}
	}
	for _, o := range e.Origin {
		if o.Kind == measure.Failed && o.Status >= 400 {
			refused++
		}
	}
	return len(e.Origin) > 0 && good > len(e.Requests())+max(0, refused)
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
		if o.Kind == measure.End && o.T <= end.T && o.Note != measure.SessionInterrupted {
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
