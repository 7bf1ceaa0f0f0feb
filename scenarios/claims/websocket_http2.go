package claims

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// WebSocketHTTP2 asks whether a WebSocket can be a stream of an HTTP/2
// connection that is open already.
func WebSocketHTTP2() Claim {
	return Claim{
		Name: "no-websocket-over-http2", Sentence: "There is no WebSocket over HTTP/2",
		Source: "HTTP/2 as it was published in 2015 (RFC 7540), which has no Upgrade; RFC 8441 of 2018 says otherwise",
		Measured: "a page that came over HTTP/2 opens a WebSocket in Chromium; the connections that Chromium makes are counted, since one that is carried by HTTP/2 needs none of its own: " +
			"through haproxy that offers HTTP/2, through haproxy that offers HTTP/1.1 only, and to this project's own server",
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			plain, err := l.origin(ctx)
			if err != nil {
				return Answer{}, err
			}
			secure, err := l.origin(ctx, "--tls")
			if err != nil {
				return Answer{}, err
			}
			a := Answer{Values: map[string]float64{}}
			seen := map[string]overHTTP2{}
			for _, alpn := range []string{"h2,http/1.1", "http/1.1"} {
				got, missing, err := l.throughFront(ctx, plain, alpn)
				if err != nil || missing != nil {
					return orEmpty(missing), err
				}
				seen[alpn] = got
				a.Rows = append(a.Rows, fmt.Sprintf("haproxy that offers %s: %s", alpn, got))
			}
			own, missing, err := l.overHTTP2(ctx, secure, secure.URL(), secure.Roots())
			if err != nil || missing != nil {
				return orEmpty(missing), err
			}
			a.Rows = append(a.Rows, fmt.Sprintf("this project's server, which has no extended CONNECT: %s", own))
			h2, h1 := seen["h2,http/1.1"], seen["http/1.1"]
			a.Values["connections_h2"], a.Values["connections_h1"] = float64(h2.more), float64(h1.more)
			switch {
			case !h1.works() || h1.more == 0:
				return untested("the count says nothing: through a front with HTTP/1.1 only, %s", h1), nil
			case h2.protocol != "h2":
				return untested("the page came by %s, not by HTTP/2", h2.protocol), nil
			}
			a.Answer = holds(!(h2.works() && h2.more == 0))
			a.Got = fmt.Sprintf("through haproxy with HTTP/2 in front, %s; where only HTTP/1.1 is offered, %s; at a server without RFC 8441, %s", h2, h1, own)
			return a, nil
		},
	}
}

// overHTTP2 is what became of a WebSocket from a page.
type overHTTP2 struct {
	protocol string // by which the page had come
	more     int    // connections since
	heard    string // the message, "" when none came
	trouble  string
}

func (o overHTTP2) works() bool { return o.heard != "" }

func (o overHTTP2) String() string {
	switch {
	case !o.works():
		return fmt.Sprintf("the WebSocket brings nothing (%s; the page came by %s)", o.trouble, o.protocol)
	case o.more == 0:
		return fmt.Sprintf("the WebSocket works and makes no connection of its own (the page came by %s)", o.protocol)
	}
	return fmt.Sprintf("the WebSocket works, on %d connection of its own (the page came by %s)", o.more, o.protocol)
}

func (l *Lab) throughFront(ctx context.Context, origin scenarios.Origin, alpn string) (got overHTTP2, missing *Answer, err error) {
	f, missing, err := haproxy(ctx, origin.URL(), alpn)
	if err != nil || missing != nil {
		return got, missing, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return l.overHTTP2(ctx, origin, f.base, f.roots)
}

// overHTTP2 opens a page at base, counting the connections that come there, and
// has it open a WebSocket.
func (l *Lab) overHTTP2(ctx context.Context, origin scenarios.Origin, base *url.URL, roots []byte) (got overHTTP2, missing *Answer, err error) {
	b, err := l.page(ctx)
	if err != nil {
		a := untested("%v", err)
		return got, &a, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pageWait)
	defer cancel()
	relay, err := proxies.NewRelay(ctx, base.Host)
	if err != nil {
		return got, nil, err
	}
	defer func() { err = errors.Join(err, relay.Close()) }()
	at := url.URL{Scheme: base.Scheme, Host: relay.Addr(), Path: blank}
	tab, err := b.Open(ctx, measure.Target{URL: at.String(), HTTP: "2", RootsPEM: roots})
	if err != nil {
		return got, nil, err
	}
	defer func() { err = errors.Join(err, tab.Close()) }()
	// A second request settles what the browser has opened in advance.
	if err := tab.Eval(ctx, fmt.Sprintf("fetch(%q).then(r => r.text()).then(() => performance.getEntriesByType('navigation')[0].nextHopProtocol)", blank), &got.protocol); err != nil {
		return got, nil, err
	}
	before := relay.Stats().Accepted
	channel := name("h2")
	if err := tab.Eval(ctx, fmt.Sprintf(`(() => {
		window.heard = ''; window.trouble = '';
		const s = new WebSocket(location.origin.replace('http', 'ws') + '/t/websocket?channel=%s');
		s.onmessage = e => { const m = JSON.parse(e.data); if (m.data) heard = m.data; };
		s.onerror = () => { trouble = 'error'; };
		s.onclose = e => { trouble += ' closed with ' + e.code; };
	})()`, channel), nil); err != nil {
		return got, nil, err
	}
	for end := time.Now().Add(loadWait); time.Now().Before(end) && got.heard == "" && got.trouble == ""; {
		if _, err := origin.Publish(ctx, channel, time.Now(), "application/json", []byte(`"heard"`)); err != nil {
			return got, nil, err
		}
		if err := sleepUntil(ctx, time.Now().Add(100*time.Millisecond)); err != nil {
			return got, nil, err
		}
		if err := errors.Join(tab.Eval(ctx, "heard", &got.heard), tab.Eval(ctx, "trouble", &got.trouble)); err != nil {
			return got, nil, err
		}
	}
	got.more = relay.Stats().Accepted - before
	return got, nil, nil
}
