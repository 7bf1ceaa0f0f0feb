package scenarios

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// askWait bounds a single request.
const askWait = 10 * time.Second

// single is one request beside those of the technique.
type single struct {
	method   string
	path     string // at the origin
	query    url.Values
	channel  string // what the origin records it under; "" when it records nothing
	header   http.Header
	body     []byte
	pieces   <-chan []byte // in place of body
	headOnly bool
}

// ask makes a single request along the path and brings both records back.
func (b *Bench) ask(ctx context.Context, part string, s single) (*Evidence, error) {
	asker, ok := b.Client.(measure.Asker)
	if !ok {
		return nil, &unableError{measure.Unsupported, b.Client.Name() + " makes no requests but those of its subscriptions; ask the Go client"}
	}
	target := b.target(s.path)
	target.URL += "?" + s.query.Encode()
	target.Method, target.Header, target.Body = s.method, s.header, s.body
	log, e := newEventLog(), b.evidence(part)
	e.Asked = 1
	within, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	var err error
	e.Answer, err = asker.Ask(within, measure.Request{Target: target, Pieces: s.pieces, HeadOnly: s.headOnly}, log.from(b.Client))
	if err != nil {
		return nil, &unableError{measure.Unsupported, err.Error()}
	}
	if errors.Is(within.Err(), context.DeadlineExceeded) {
		e.Left = time.Now()
	}
	e.Client = log.all()
	if s.channel == "" {
		return e, ctx.Err()
	}
	if e.Origin, _, err = b.Origin.Record(ctx, s.channel, 0, 0); err != nil {
		return nil, err
	}
	e.Attached = accepted(e.Origin)
	return e, nil
}

// sink sends a body to the origin: pieces, or one word when there are none. It
// is recorded under the part's own channel.
func (b *Bench) sink(ctx context.Context, part string, duplex bool, pieces <-chan []byte) (*Evidence, error) {
	channel := b.Nonce + "-" + part
	q := url.Values{"channel": {channel}, "nonce": {b.Nonce}}
	if duplex {
		q.Set("duplex", "1")
	}
	return b.ask(ctx, part, single{method: http.MethodPost, path: "/sink", query: q, channel: channel, body: []byte("up"), pieces: pieces})
}
