package scenarios

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Trial is one exchange: it opens subscriptions, sends, waits, and brings back
// evidence. It decides nothing.
type Trial struct {
	Name string
	// Scaled trials run on an instance whose policy time is scaled; all others
	// run at real scale, where no time limit comes into play.
	Scaled bool
	// Provoking trials ask for what the cell itself does not do, so that an
	// error answer is an answer and says nothing of its openings.
	Provoking bool
	// OwnProxy trials run in front of an instance that no other trial uses, also
	// of a real program: they disturb it, or count what it does.
	OwnProxy bool
	// OwnOrigin trials have an origin of their own as well.
	OwnOrigin bool
	// WholeClient trials subscribe often at once: they take all the places of a
	// client that has a limited number. Of one whose subscriptions are a
	// visitor's they take as many as Pages says, if it does.
	WholeClient bool
	Pages       int
	// Waits marks trials that do little for a long time: they have slots of
	// their own, so that what is to be measured in quiet need not wait for them.
	Waits bool
	Run   func(ctx context.Context, b *Bench) (*Evidence, error)
}

// places is how many subscriptions a trial has at once in a client that carries
// a limited number.
func (t Trial) places(r Receiver) int64 {
	if !t.WholeClient {
		return 1
	}
	if _, ok := r.Client.(measure.Visitor); ok && t.Pages > 0 {
		return int64(min(t.Pages, r.AtOnce))
	}
	return int64(r.AtOnce)
}

// Bench is one trial's place at the path: everything it may touch.
type Bench struct {
	Technique measure.Technique
	Variant   string
	Client    measure.Client
	Origin    Origin
	Instance  proxies.Instance // the path itself
	Route     proxies.Route
	HTTP      string
	Scale     float64 // of policy time; 1 when the path cannot be scaled
	Scalable  bool
	MaxWait   time.Duration // for limits of unscaled paths
	Nonce     string        // unique for cell, trial and attempt
	Path      string        // the proxy's name
	RootsPEM  []byte
	heavy     *semaphore.Weighted
}

// Heavily runs what moves enough bytes to disturb its neighbours' delays: few
// such things happen at once.
func (b *Bench) Heavily(ctx context.Context, f func() error) error {
	if b.heavy != nil {
		if err := b.heavy.Acquire(ctx, 1); err != nil {
			return err
		}
		defer b.heavy.Release(1)
	}
	return f()
}

// Waits of a trial, wire time.
const (
	openWait      = 5 * time.Second  // for the origin to see the subscription
	queueWait     = 60 * time.Second // the same when a browser may have to wait for a free context
	longestSettle = 30 * time.Second // for a slow path that still delivers
	lingerWait    = 2 * time.Second  // for late messages after the last one was sent
	releaseWait   = 3 * time.Second  // for what a buffer lets go when the origin ends
	leaveWait     = 15 * time.Second // for a client to return after it was told to leave
	pollPause     = 250 * time.Millisecond
)

// Policy returns a policy time on this path's scale.
func (b *Bench) Policy(d time.Duration) time.Duration {
	return time.Duration(float64(d) * b.Scale)
}

// exchange is one subscription of a trial under way.
type exchange struct {
	b       *Bench
	channel string
	log     *eventLog
	cancel  context.CancelFunc
	done    chan struct{}
	err     error // of Subscribe, valid once done is closed
	ev      *Evidence
	wire    *measure.Wire // nil where the client does not count
}

// asking says in what an exchange differs from the cell's usual one. The zero
// asking is the usual one.
type asking struct {
	resume    bool            // streams and sockets come back; polls always do, unless once is set
	once      bool            // one request and no more, for polls as well
	channel   string          // somebody else's; "" is one of its own
	variant   string          // of the technique, if other is set
	other     bool            // ask in another variant than the cell's
	header    http.Header     // sent in addition
	socketVia string          // as measure.Target has it
	uplink    []string        // as measure.Subscription has it; nil is a greeting
	pause     time.Duration   // between two of these
	vanish    <-chan struct{} // as measure.Subscription has it
	reload    <-chan struct{} // as measure.Subscription has it
	wire      *measure.Wire   // as measure.Subscription has it
	frames    *measure.Frames // as measure.Subscription has it
}

// greeting is what a socket's client sends up as soon as it is open: a socket
// that carries nothing up is none.
const greeting = `{"cometbench":"up"}`

// open starts the client on a channel of its own with the given subscribe
// options; with a nonce of the trial's, where they have none. Polls always come back for the next answer; streams and sockets
// only when resume is set.
func (b *Bench) open(ctx context.Context, part string, opts url.Values, resume bool) *exchange {
	return b.begin(ctx, part, b.subscription(b.Nonce+"-"+part, opts, asking{resume: resume}))
}

// openAs is open for an exchange that differs from the usual one. It fails when
// the client cannot do it so.
func (b *Bench) openAs(ctx context.Context, part string, opts url.Values, how asking) (*exchange, error) {
	channel := how.channel
	if channel == "" {
		channel = b.Nonce + "-" + part
	}
	sub := b.subscription(channel, opts, how)
	if err := b.Client.Supports(sub); err != nil {
		return nil, &unableError{measure.Unsupported, err.Error()}
	}
	x := b.begin(ctx, part, sub)
	x.channel = channel
	return x, nil
}

// subscription is what a client is to do along this path.
func (b *Bench) subscription(channel string, opts url.Values, how asking) measure.Subscription {
	if !opts.Has("nonce") {
		opts.Set("nonce", b.Nonce)
	}
	sub := measure.Subscription{
		Technique: b.Technique.Name, Variant: b.Variant, Target: b.target("/"), Retry: 100 * time.Millisecond,
		Resume: how.resume || !how.once && (b.Technique.Polls() || b.Technique.EndsItself), Uplink: how.uplink, UplinkPause: how.pause,
		Vanish: how.vanish, Reload: how.reload, Wire: how.wire, Frames: how.frames,
	}
	if how.other {
		sub.Variant = how.variant
	}
	if b.Technique.Name == "websocket" && sub.Uplink == nil {
		sub.Uplink = []string{greeting}
	}
	if b.Technique.Class == measure.ClassPoll {
		sub.PollInterval = pollPause
	}
	sub.Target.URL = clients.SubscribeURL(b.base(), b.Technique.Name, channel, opts)
	sub.Target.Header, sub.Target.SocketVia = how.header, how.socketVia
	return sub
}

// base is where the origin is found along this path.
func (b *Bench) base() *url.URL {
	if b.Route.Base == nil { // the forward proxy leads to the origin itself
		return b.Origin.URL()
	}
	return b.Route.Base
}

// target is a path of the origin's, as it is reached from the client.
func (b *Bench) target(path string) measure.Target {
	t := measure.Target{URL: b.base().JoinPath(path).String(), HTTP: b.HTTP, RootsPEM: b.RootsPEM}
	if b.Route.Proxy != nil {
		t.Proxy = b.Route.Proxy.String()
	}
	return t
}

// begin starts the client.
func (b *Bench) begin(ctx context.Context, part string, sub measure.Subscription) *exchange {
	x := &exchange{b: b, channel: b.Nonce + "-" + part, log: newEventLog(), done: make(chan struct{}), ev: b.evidence(part)}
	x.ev.Interval = sub.PollInterval
	if sub.Wire == nil {
		sub.Wire = b.counted(sub)
	}
	x.wire = sub.Wire
	if !sub.Resume {
		x.ev.Asked = 1
	}
	ctx, x.cancel = context.WithCancel(ctx)
	go func() {
		defer close(x.done)
		x.err = b.Client.Subscribe(ctx, sub, x.log.from(b.Client))
	}()
	return x
}

// evidence begins that of one exchange.
func (b *Bench) evidence(part string) *Evidence {
	return &Evidence{Part: part, Started: time.Now(), Scale: b.Scale, Scalable: b.Scalable, Forward: b.Route.Proxy != nil}
}

// attached waits until the origin has accepted the subscription. When it does
// not, the origin is asked directly whether it serves anybody.
func (x *exchange) attached(ctx context.Context) bool {
	taken := x.takenOn(ctx)
	if !taken && ctx.Err() == nil {
		x.ev.TakenLate = true // unless it is never taken on, see finish
		x.askDirectly(ctx)
	}
	return taken
}

func (x *exchange) takenOn(ctx context.Context) bool {
	limit := openWait
	if x.b.Client.Name() != "go" {
		limit = queueWait
	}
	deadline := time.Now().Add(limit)
	since := 0
	for time.Now().Before(deadline) && ctx.Err() == nil {
		finished := false
		select {
		case <-x.done:
			finished = true // one last look: it may have been accepted and cut at once
		default:
			// One that is refused again and again will not be accepted.
			finished = len(ofKind(x.log.all(), measure.Failed)) >= 5
		}
		events, next, err := x.b.Origin.Record(ctx, x.channel, since, 200*time.Millisecond)
		if err != nil {
			return false
		}
		if accepted(events) {
			x.ev.Attached = true
			return true
		}
		since = next
		if finished {
			return false
		}
	}
	return false
}

// accepted reports whether the origin took a subscription on, as opposed to
// one that it refused.
func accepted(events []measure.Event) bool {
	for _, e := range events {
		refused := func(o measure.Event) bool { return o.Kind == measure.Failed && o.Sub == e.Sub && o.Bytes == 0 }
		if e.Kind == measure.Headers && !slices.ContainsFunc(events, refused) {
			return true
		}
	}
	return false
}

// tooLate reports whether a request came when the trial had ended its channel:
// the origin's answer to that is no error page of the path's.
func tooLate(events []measure.Event) bool {
	return slices.ContainsFunc(events, func(e measure.Event) bool { return e.Kind == measure.Failed && e.Status == http.StatusGone })
}

// release has the origin end the exchange for good, so that a buffer lets go.
func (x *exchange) release(ctx context.Context) error {
	x.ev.Released = time.Now()
	return x.b.Origin.Terminate(ctx, x.channel)
}

// leave makes the client go away.
func (x *exchange) leave() {
	x.ev.Left = time.Now()
	x.cancel()
}

// finish ends the client if it is still there and collects both records.
func (x *exchange) finish(ctx context.Context) (*Evidence, error) {
	if x.ev.Left.IsZero() {
		select {
		case <-x.done:
		default:
			x.ev.Left = time.Now()
		}
	}
	x.cancel()
	select {
	case <-x.done:
	case <-time.After(leaveWait):
		return nil, fmt.Errorf("client %s did not return within %s", x.b.Client.Name(), leaveWait)
	}
	if x.err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("client %s: %w", x.b.Client.Name(), x.err)
	}
	x.ev.Client = x.log.all()
	events, _, err := x.b.Origin.Record(ctx, x.channel, 0, 0)
	if err != nil {
		return nil, err
	}
	x.ev.Origin = events
	x.ev.Attached = x.ev.Attached || accepted(events)
	x.ev.TakenLate = x.ev.TakenLate && (x.ev.Attached || tooLate(events))
	return x.ev, nil
}

func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
