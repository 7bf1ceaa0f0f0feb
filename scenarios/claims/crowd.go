package claims

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// crowd is how many subscribers of one channel are served at what rate, over
// the direct path.
type crowd struct {
	technique   string
	http        string // "" is 1.1
	subscribers int
	rate        float64       // messages a second
	lasts       time.Duration // of publishing
	interval    time.Duration // between two answers of an unheld poll
}

// served is what a crowd got, and what it cost.
type served struct {
	crowd
	sent, expected, received int
	delays                   []time.Duration // of each message at each subscriber, in no order
	requests, dials          int
	in, out                  int64         // bytes on the clients' connections
	cpu                      time.Duration // of the origin, over took
	took                     time.Duration
}

// crowdWait is how long the crowd may take to come together, and what is late
// to arrive.
const crowdWait = 10 * time.Second

// serve has an origin serve a crowd once. The origin's processor time is that of
// its whole process, so that nobody else may be served meanwhile.
func (c crowd) serve(ctx context.Context, origin scenarios.Origin) (served, error) {
	g, err := c.gather(ctx, origin)
	if err != nil {
		return served{}, err
	}
	defer g.leave()
	if err := g.warm(ctx); err != nil {
		return served{}, err
	}
	out := served{crowd: c}
	before, err := usageOf(origin)
	if err != nil {
		return out, err
	}
	first, bytesIn, bytesOut := g.counted()
	start := time.Now()
	if out.sent, err = g.publish(ctx, start); err != nil {
		return out, err
	}
	if err := sleepUntil(ctx, start.Add(c.lasts)); err != nil {
		return out, err
	}
	after, err := usageOf(origin)
	if err != nil {
		return out, err
	}
	out.took = time.Since(start)
	last, in, sentUp := g.counted()
	out.requests, out.dials, out.in, out.out = last.requests-first.requests, g.dials(), in-bytesIn, sentUp-bytesOut
	out.cpu, out.expected = after.CPU-before.CPU, out.sent*c.subscribers
	g.settle(ctx, out.expected)
	out.delays = g.delays()
	out.received = len(out.delays)
	return out, ctx.Err()
}

// usageOf is what the origin's process has used.
func usageOf(o scenarios.Origin) (child.Usage, error) {
	p, ok := o.(interface{ Usage() (child.Usage, error) })
	if !ok {
		return child.Usage{}, child.ErrNoUsage
	}
	return p.Usage()
}

// gathering is a crowd that is there.
type gathering struct {
	crowd
	origin  scenarios.Origin
	channel string
	cancel  context.CancelFunc
	gone    sync.WaitGroup
	members []*member

	mu   sync.Mutex
	due  map[string]time.Time // of the messages that count, by id
	errs []error
}

// member is one subscriber. Its events come one at a time.
type member struct {
	wire measure.Wire
	warm atomic.Bool // has got a message

	mu              sync.Mutex
	requests, dials int
	got             map[string]int64 // when, by id
}

// crowds tells the channels of crowds apart.
var crowds atomic.Int64

func (c crowd) gather(ctx context.Context, origin scenarios.Origin) (*gathering, error) {
	client, _ := clients.ByName("go")
	g := &gathering{crowd: c, origin: origin, due: map[string]time.Time{}, channel: fmt.Sprintf("crowd-%d-%d", time.Now().UnixNano(), crowds.Add(1))}
	technique, ok := measure.TechniqueByName(c.technique)
	if !ok {
		return nil, fmt.Errorf("no technique of the name %s", c.technique)
	}
	inside, cancel := context.WithCancel(ctx)
	g.cancel = cancel
	for n := range c.subscribers {
		m := &member{got: map[string]int64{}}
		opts := url.Values{"recycle_bytes": {"0"}, "recycle_after": {"0"}, "nonce": {strconv.Itoa(n)}}
		s := measure.Subscription{
			Technique: c.technique, Resume: technique.Polls() || technique.EndsItself, PollInterval: c.interval, Retry: 100 * time.Millisecond, Wire: &m.wire,
			Target: measure.Target{URL: clients.SubscribeURL(origin.URL(), c.technique, g.channel, opts), HTTP: c.http, RootsPEM: origin.Roots()},
		}
		if err := client.Supports(s); err != nil {
			cancel()
			g.gone.Wait()
			return nil, err
		}
		g.members = append(g.members, m)
		g.gone.Go(func() {
			if err := client.Subscribe(inside, s, m.note); err != nil && inside.Err() == nil {
				g.mu.Lock()
				g.errs = append(g.errs, err)
				g.mu.Unlock()
			}
		})
	}
	return g, nil
}

// note counts an event.
func (m *member) note(e measure.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e.Kind {
	case measure.Dial:
		m.dials++
	case measure.Headers:
		m.requests++
	case measure.Received:
		m.warm.Store(true)
		if _, twice := m.got[e.ID]; !twice {
			m.got[e.ID] = e.T
		}
	}
}

func (g *gathering) leave() {
	g.cancel()
	g.gone.Wait()
}

var errNotThere = errors.New("the subscribers did not come together")

// warm sends messages that do not count until each subscriber has had one.
func (g *gathering) warm(ctx context.Context) error {
	for deadline := time.Now().Add(crowdWait); ; {
		if _, err := g.origin.Publish(ctx, g.channel, time.Now(), "application/json", []byte(`"warm"`)); err != nil {
			return err
		}
		if err := sleepUntil(ctx, time.Now().Add(100*time.Millisecond)); err != nil {
			return err
		}
		if !slices.ContainsFunc(g.members, func(m *member) bool { return !m.warm.Load() }) {
			return nil
		}
		g.mu.Lock()
		err := errors.Join(g.errs...)
		g.mu.Unlock()
		if err != nil || time.Now().After(deadline) {
			return errors.Join(errNotThere, err)
		}
	}
}

// publish sends on an open schedule and returns how many were sent.
func (g *gathering) publish(ctx context.Context, start time.Time) (int, error) {
	every := time.Duration(float64(time.Second) / g.rate)
	sent := 0
	for due := start.Add(every / 2); due.Before(start.Add(g.lasts)); due = due.Add(every) {
		if err := sleepUntil(ctx, due); err != nil {
			return sent, err
		}
		id, err := g.origin.Publish(ctx, g.channel, due, "application/json", fmt.Appendf(nil, `{"n":%d,"text":"a small message as a chat would send it"}`, sent))
		if err != nil {
			return sent, err
		}
		g.mu.Lock()
		g.due[id] = due
		g.mu.Unlock()
		sent++
	}
	return sent, nil
}

type counts struct{ requests int }

// counted is what the clients have asked and carried so far.
func (g *gathering) counted() (n counts, in, out int64) {
	for _, m := range g.members {
		m.mu.Lock()
		n.requests += m.requests
		m.mu.Unlock()
		in, out = in+m.wire.In.Load(), out+m.wire.Out.Load()
	}
	return n, in, out
}

func (g *gathering) dials() (n int) {
	for _, m := range g.members {
		m.mu.Lock()
		n += m.dials
		m.mu.Unlock()
	}
	return n
}

// delays are those of the messages that count, as far as they have arrived.
func (g *gathering) delays() []time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []time.Duration
	for _, m := range g.members {
		m.mu.Lock()
		for id, at := range m.got {
			if due, ok := g.due[id]; ok {
				out = append(out, time.UnixMicro(at).Sub(due))
			}
		}
		m.mu.Unlock()
	}
	return out
}

// settle waits for what is still on its way, as long as more comes.
func (g *gathering) settle(ctx context.Context, want int) {
	for have, quiet := -1, time.Now(); time.Since(quiet) < 2*time.Second+g.interval; {
		n := len(g.delays())
		if n >= want || sleepUntil(ctx, time.Now().Add(20*time.Millisecond)) != nil {
			return
		}
		if n > have {
			have, quiet = n, time.Now()
		}
	}
}

// p99 is the delay that 99 of 100 messages do not exceed, in milliseconds.
func p99(delays []time.Duration) float64 { return quantile(delays, .99) }

func quantile(delays []time.Duration, q float64) float64 {
	if len(delays) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(delays))
	at := min(max(int(math.Ceil(q*float64(len(sorted))))-1, 0), len(sorted)-1)
	return round(float64(sorted[at].Microseconds()) / 1000)
}

// perSecond is the share of one core, in percent, that the origin was busy.
func (s served) busy() float64 { return round(100 * s.cpu.Seconds() / s.took.Seconds()) }

// perDelivery is the origin's processor time for a message at a subscriber, in
// microseconds.
func (s served) perDelivery() float64 {
	return round(float64(s.cpu.Microseconds()) / float64(max(s.received, 1)))
}

func round(f float64) float64 { return math.Round(f*100) / 100 }

// median is the middle one.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	switch n := len(s); {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return s[n/2]
	default:
		return (s[n/2-1] + s[n/2]) / 2
	}
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
