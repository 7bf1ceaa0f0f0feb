package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// numberHeader carries the subscriber's number from vegeta's target to the
// transport, which takes it out again.
const numberHeader = "X-Cometbench-Subscriber"

// request writes the subscriber's next question.
func (s *subscriber) request(p *polling, t *vegeta.Target) {
	q := url.Values{"nonce": {strconv.Itoa(s.number)}}
	if s.after != "" {
		q.Set("after", s.after)
	}
	t.Method = http.MethodGet
	t.URL = clients.SubscribeURL(p.o.Base, p.o.Technique.Name, p.channel(s.channel), q)
	t.Header = http.Header{numberHeader: {strconv.Itoa(s.number)}, "Accept": {p.o.Technique.Accept}}
}

// reader is the transport under vegeta: it reads each answer with the same
// decoders as every other client, and gives the subscriber back.
type reader struct {
	p    *polling
	next http.RoundTripper
}

func (r *reader) RoundTrip(req *http.Request) (*http.Response, error) {
	n, err := strconv.Atoi(req.Header.Get(numberHeader))
	if err != nil || n < 0 || n >= len(r.p.crowd) {
		return nil, fmt.Errorf("request of nobody: %q", req.Header.Get(numberHeader))
	}
	s := r.p.crowd[n]
	failed := true
	defer func() {
		if failed { // a path that only refuses is not to be flooded
			pause := time.NewTimer(failurePause)
			select {
			case <-pause.C:
			case <-r.p.ctx.Done():
			}
			pause.Stop()
		}
		r.p.idle <- s
	}()
	req = req.Clone(r.p.ctx)
	req.Header.Del(numberHeader)
	if s.seq == 0 && s.after == "" {
		r.p.asked.Add(1)
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, r.p.fail(err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, clients.MaxAnswer))
	resp.Body.Close()
	at := time.Now().UnixMicro()
	if err != nil {
		return nil, r.p.fail(err)
	}
	if resp.StatusCode == http.StatusOK {
		if err := r.p.read(s, resp.Header.Get("Content-Type"), body, at); err != nil {
			return nil, r.p.fail(err)
		}
		failed = false
	} else {
		_ = r.p.fail(fmt.Errorf("status %s", resp.Status))
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// failurePause is how long a subscriber waits after a failed request.
const failurePause = 200 * time.Millisecond

// fail counts a failed request, unless it was cut off by stop.
func (p *polling) fail(err error) error {
	if p.ctx.Err() == nil {
		p.failed.Add(1)
		text := err.Error()
		p.failure.Store(&text)
	}
	return err
}

// read decodes one answer and moves the subscriber on.
func (p *polling) read(s *subscriber, contentType string, body []byte, at int64) error {
	dec, err := clients.NewDecoder(p.o.Technique.Name, clients.Params{ContentType: contentType, Callback: clients.DefaultCallback})
	if err != nil {
		return err
	}
	take := func(it clients.Item) {
		if it.Kind == measure.Received {
			p.arrived(s, it.ID, sequence(it.ID), it.DueUS, at)
		}
		if it.Moves {
			s.after = it.Position
		}
	}
	if err := dec.Feed(body, take); err != nil {
		return err
	}
	return dec.End(take)
}

// sequence is the number at the end of an id.
func sequence(id string) int64 {
	_, digits, _ := strings.Cut(id, "-")
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

// transport dials and counts; it takes no proxy from the environment.
func (p *polling) transport() http.RoundTripper {
	var dialer net.Dialer
	return &http.Transport{
		MaxIdleConnsPerHost: p.o.Subscribers, IdleConnTimeout: time.Minute, DisableCompression: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			p.dials.Add(1)
			p.open.Add(1)
			return &countedConn{Conn: c, open: &p.open}, nil
		},
	}
}

// countedConn takes itself off the number of open connections when it closes.
type countedConn struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
