package clients

import (
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const (
	// defaultRetry is the pause before coming back when nobody says one.
	defaultRetry = time.Second
	// leastRetry bounds how often a failing path is tried: 20 times a second.
	leastRetry = 50 * time.Millisecond
)

// subscriber is one call of Subscribe: exchanges one after another.
type subscriber struct {
	measure.Subscription
	technique measure.Technique
	url       *url.URL
	events    *reporter
	dial      *dialer
	http      http.RoundTripper // nil for webtransport
	quic      *quicDialer       // nil below HTTP/3
	bayeux    *bayeuxSession    // of a Bayeux technique
	receiver
	view visibility // how much of an answer becomes visible when

	position string         // what to resume behind
	moved    bool           // position was learned from the origin
	retry    *time.Duration // from an event stream's retry field

	sockjs  *sockjsSession // nil for other techniques
	cookies *cookiejar.Jar // nil keeps none
}

// outcome is what an exchange leaves to be done.
type outcome struct {
	over     bool           // do not come back
	answered bool           // a poll was answered as it should be: just ask again
	failed   bool           // count it among failures, which are tried at a bounded rate
	retry    *time.Duration // the origin's own word on when to come back
	after    string         // for people: what ended it
}

// run goes from exchange to exchange until there is no reason to.
func (s *subscriber) run(ctx context.Context) {
	for {
		var out outcome
		s.beginSession()
		switch {
		case s.technique.Name == "webtransport":
			out = s.sessionExchange(ctx)
		case s.bayeux != nil && s.technique.Class == measure.ClassSocket:
			out = s.bayeuxSocketExchange(ctx)
		case s.technique.Class == measure.ClassSocket:
			out = s.socketExchange(ctx)
		default:
			out = s.httpExchange(ctx)
		}
		s.sockjs.endExchange(&out)
		if s.slots != nil {
			s.closeIdle() // others may wait for its place
		}
		if out.over || !s.Resume || ctx.Err() != nil {
			return
		}
		if !sleep(ctx, s.pause(out)) {
			return
		}
		if !out.answered {
			s.events.emit(measure.Event{Kind: measure.Reconnect, ID: s.position, Note: out.after})
		}
	}
}

// pause is how long to stay away after an exchange.
func (s *subscriber) pause(out outcome) time.Duration {
	if out.answered && out.retry == nil {
		if s.technique.Class == measure.ClassPoll {
			return s.PollInterval
		}
		return 0
	}
	d := s.Retry
	if d == 0 {
		d = defaultRetry
	}
	if s.retry != nil {
		d = *s.retry
	}
	if out.retry != nil {
		d = *out.retry
	}
	if out.failed {
		d = max(d, leastRetry)
	}
	return d
}

// jar holds the cookies of a technique that lives by them, nil for others.
func (s *subscriber) jar() http.CookieJar {
	switch {
	case s.bayeux != nil:
		return s.bayeux.jar
	case s.cookies != nil:
		return s.cookies
	}
	return nil
}

// close leaves: no connection, dialler or event is left behind.
func (s *subscriber) close() {
	s.events.close()
	s.dial.close()
	if t, ok := s.http.(*http3Transport); ok {
		t.close()
	}
	if s.quic != nil {
		s.quic.close()
	}
	s.closeIdle()
}

func (s *subscriber) closeIdle() {
	if t, ok := s.http.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// numberOf finds the number of the connection that a trace shows.
func (s *subscriber) numberOf(c net.Conn) int {
	if s.quic != nil {
		return s.quic.numberOf(c)
	}
	return numberOf(c)
}

// sleep waits for d, and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
