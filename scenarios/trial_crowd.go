package scenarios

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The crowd trials open more and more streams through one instance.
const (
	smallCrowdName = "crowd-7"
	crowdName      = "crowd"
	crowdOpenWait  = 2 * time.Second // for the streams of one stage to be taken on
	pagesOpenWait  = 8 * time.Second // the same where each is a page in a browser
	crowdMessages  = 2               // at each stage
	ordinaryWait   = 2 * time.Second // for a request beside the streams
	mostPages      = 7               // streams of one visitor in a browser: each is a page
)

// smallCrowd asks for one more than a browser's six connections to a host;
// crowd for as many as a small office has behind one proxy.
var (
	smallCrowd = []int{1, 6, 7}
	crowd      = []int{1, 6, 7, 20, 100}
)

// Stage is how far a crowd has grown, and what it was like then.
type Stage struct {
	Streams     int // asked for so far
	First, Last int // its messages in the schedule: from First up to, not including, Last
	// Ordinary is how long a request that is answered at once took through the
	// path, beside the streams; Direct the same without the path. Negative is
	// never, within two seconds.
	Ordinary, Direct time.Duration
}

// crowdTrial opens the streams of each stage beside those of the stages before.
// At each it sends two messages to all. A large one asks an ordinary request
// besides, which takes a place of its own while it lasts. It stops at the stage
// that does not come together.
func crowdTrial(name string, sizes []int) Trial {
	t := Trial{Name: name, Provoking: true, OwnProxy: true, WholeClient: true, Run: func(ctx context.Context, b *Bench) (ev *Evidence, err error) {
		if sizes[len(sizes)-1] <= smallCrowd[len(smallCrowd)-1] {
			return b.gather(ctx, sizes)
		}
		err = b.Heavily(ctx, func() error {
			ev, err = b.gather(ctx, sizes)
			return err
		})
		return ev, err
	}}
	if sizes[len(sizes)-1] <= mostPages { // it times no requests beside them
		t.Pages = mostPages
	}
	return t
}

// gathering is a crowd that comes together.
type gathering struct {
	b       *Bench
	client  measure.Client // of the streams
	asks    bool           // ordinary requests besides
	channel string
	streams []*exchange
	since   []int // the first message that each stream is to get
	stages  []Stage
}

func (b *Bench) gather(ctx context.Context, sizes []int) (*Evidence, error) {
	g := &gathering{b: b, client: b.Client, channel: b.Nonce + "-crowd", asks: len(sizes) > len(smallCrowd)}
	if v, ok := b.Client.(measure.Visitor); ok {
		sizes = slices.DeleteFunc(slices.Clone(sizes), func(n int) bool { return n > mostPages })
		g.client = v.Visit(mostPages)
		defer g.client.Close()
	}
	alone, err := g.beside(ctx, Stage{})
	if err != nil {
		return nil, err
	}
	g.stages = append(g.stages, alone)
	for _, size := range sizes {
		whole, err := g.grow(ctx, size)
		if err != nil {
			return nil, g.abandon(ctx, err)
		}
		if !whole {
			break
		}
	}
	return g.finish(ctx)
}

// grow opens streams until there are size, and reports whether all were taken
// on and are still there.
func (g *gathering) grow(ctx context.Context, size int) (whole bool, err error) {
	sent, err := g.open(ctx, size)
	if err != nil {
		return false, err
	}
	whole, err = g.attached(ctx)
	if err != nil {
		return false, err
	}
	stage := Stage{Streams: size, First: sent, Last: sent}
	if whole {
		if err := g.streams[0].schedule(ctx, crowdMessages, steadySpacing, smallMessage); err != nil {
			return false, err
		}
		stage.Last = len(g.streams[0].ev.Sent)
		whole = g.settle(ctx, stage)
	}
	stage, err = g.beside(ctx, stage)
	g.stages = append(g.stages, stage)
	return whole, err
}

// open opens streams until there are size, and returns how many messages were
// sent before.
func (g *gathering) open(ctx context.Context, size int) (sent int, err error) {
	if len(g.streams) > 0 {
		sent = len(g.streams[0].ev.Sent)
	}
	bench := *g.b
	bench.Client = g.client
	for n := len(g.streams); n < size; n++ {
		opts := unrecycled()
		opts.Set("nonce", g.nonce(n))
		x, err := bench.openAs(ctx, "", opts, asking{channel: g.channel})
		if err != nil {
			return sent, err
		}
		g.streams = append(g.streams, x)
		g.since = append(g.since, sent)
	}
	return sent, nil
}

// attached waits until the origin has taken each stream on or it has ended
// without that, and reports whether none has.
func (g *gathering) attached(ctx context.Context) (bool, error) {
	limit := crowdOpenWait
	if g.client != g.b.Client { // pages, which have to be loaded first
		limit = pagesOpenWait
	}
	var all []measure.Event
	for deadline := time.Now().Add(limit); ; {
		events, _, err := g.b.Origin.Record(ctx, g.channel, len(all), 200*time.Millisecond)
		if err != nil {
			return false, err
		}
		all = append(all, events...)
		taken := takenOn(all)
		if len(taken) >= len(g.streams) {
			return true, nil
		}
		pending := false
		for i, x := range g.streams {
			select {
			case <-x.done:
			default:
				pending = pending || !slices.Contains(taken, g.nonce(i))
			}
		}
		if !pending || time.Now().After(deadline) || ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
}

// nonce is what tells the requests of one stream from those of the others.
func (g *gathering) nonce(stream int) string { return fmt.Sprintf("%s-%d", g.b.Nonce, stream) }

// takenOn are the nonces of the subscriptions that an origin accepted.
func takenOn(record []measure.Event) []string {
	var out []string
	for _, e := range record {
		if e.Kind != measure.Headers {
			continue
		}
		if nonce := nonceOf(e); !slices.Contains(out, nonce) {
			out = append(out, nonce)
		}
	}
	return out
}

// nonceOf is the nonce of a subscription, as the origin noted it of a request.
// Pages in a browser add one of each request's own behind a dot.
func nonceOf(e measure.Event) string {
	for word := range strings.FieldsSeq(e.Note) {
		if value, ok := strings.CutPrefix(word, "nonce="); ok {
			if nonce, err := url.QueryUnescape(value); err == nil {
				nonce, _, _ = strings.Cut(nonce, ".")
				return nonce
			}
		}
	}
	return ""
}

// settle waits until every stream has the messages of a stage; it reports
// whether they have.
func (g *gathering) settle(ctx context.Context, s Stage) bool {
	want := g.streams[0].ev.Sent[s.First:s.Last]
	limit := time.Now().Add(lingerWait + g.streams[0].ev.Interval)
	all := true
	for _, x := range g.streams {
		all = x.log.wait(ctx, max(0, time.Until(limit)), x.done, func(events []measure.Event) bool {
			for _, s := range want {
				if !slices.ContainsFunc(events, func(e measure.Event) bool { return e.Kind == measure.Received && e.ID == s.ID }) {
					return false
				}
			}
			return true
		}) && all
	}
	return all
}

// beside asks what else can be done while the streams are held.
func (g *gathering) beside(ctx context.Context, s Stage) (Stage, error) {
	asked := time.Now()
	s.Direct = -1
	within, cancel := context.WithTimeout(ctx, ordinaryWait)
	defer cancel()
	if p, ok := g.b.Origin.(prober); ok && p.probe(within) == nil {
		s.Direct = time.Since(asked)
	}
	if err := ctx.Err(); err != nil {
		return s, err
	}
	if !g.asks {
		return s, nil
	}
	var err error
	s.Ordinary, err = g.ordinary(ctx, fmt.Sprintf("%s-beside-%d", g.b.Nonce, s.Streams))
	return s, err
}

// ordinary asks one request that is answered at once, as the streams' own
// client would; negative when no good answer came in time.
func (g *gathering) ordinary(ctx context.Context, channel string) (time.Duration, error) {
	bench := *g.b
	bench.Client = g.client
	bench.Technique, _ = measure.TechniqueByName("short-poll")
	bench.Variant = ""
	within, cancel := context.WithTimeout(ctx, ordinaryWait)
	defer cancel()
	asked := time.Now()
	x, err := bench.openAs(within, "", url.Values{}, asking{channel: channel, once: true})
	if err != nil {
		return 0, err
	}
	select {
	case <-x.done: // with its first answer
	case <-time.After(ordinaryWait + leaveWait):
		return 0, fmt.Errorf("client %s did not return within %s", g.client.Name(), leaveWait)
	}
	took := time.Since(asked)
	if head, ok := firstHead(&Evidence{Client: x.log.all()}); !ok || head.Status != 200 {
		return -1, ctx.Err()
	}
	return took, nil
}

// finish ends all streams, sees who is served only then, and collects.
func (g *gathering) finish(ctx context.Context) (*Evidence, error) {
	first := g.streams[0]
	if err := first.release(ctx); err != nil {
		return nil, g.abandon(ctx, err)
	}
	until := time.Now().Add(releaseWait)
	for _, x := range g.streams {
		x.ev.Released = first.ev.Released
		x.log.wait(ctx, max(0, time.Until(until)), x.done, func([]measure.Event) bool { return false })
	}
	var out []*Evidence
	for i, x := range g.streams {
		e, err := x.finish(ctx)
		if err != nil {
			return nil, g.abandon(ctx, err)
		}
		e.Origin = ofNonce(e.Origin, g.nonce(i))
		e.Attached = accepted(e.Origin)
		e.Sent = first.ev.Sent[g.since[i]:]
		out = append(out, e)
	}
	head := *out[0]
	head.Parts, head.Stages = out, g.stages
	return &head, nil
}

// abandon stops every stream after an error of the harness.
func (g *gathering) abandon(ctx context.Context, err error) error {
	for _, x := range g.streams {
		x.cancel()
	}
	for _, x := range g.streams {
		err = joinFinish(ctx, x, err)
	}
	return err
}

// ofNonce keeps of a channel's record what belongs to the requests with a
// nonce.
func ofNonce(record []measure.Event, nonce string) []measure.Event {
	var subs []int
	for _, e := range record {
		if (e.Kind == measure.Headers || e.Kind == measure.Failed) && nonceOf(e) == nonce {
			subs = append(subs, e.Sub)
		}
	}
	return slices.DeleteFunc(slices.Clone(record), func(e measure.Event) bool { return e.Sub == 0 || !slices.Contains(subs, e.Sub) })
}
