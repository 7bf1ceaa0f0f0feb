package clients

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// UserAgent is what the Go client calls itself: like a browser, because some
// proxies treat others differently, but recognisable.
const UserAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 cometbench"

// Go receives by every technique of measure.Techniques over net/http, with
// connections of its own for each subscription. The zero value is ready; it
// holds nothing and may be used by several goroutines at once.
type Go struct{}

// NewGo returns the client named "go".
func NewGo() measure.Client { return &Go{} }

// Name is "go".
func (*Go) Name() string { return "go" }

// Clock is this machine's: its distance to the coordinator's is nothing.
func (*Go) Clock() measure.Clock { return measure.Clock{ID: "go"} }

// Close has nothing to free.
func (*Go) Close() error { return nil }

// Supports returns why s cannot be received, or nil.
func (*Go) Supports(s measure.Subscription) error {
	t, ok := measure.TechniqueByName(s.Technique)
	if !ok {
		return fmt.Errorf("the go client does not know technique %q", s.Technique)
	}
	secure := strings.HasPrefix(s.Target.URL, "https:")
	switch s.Target.HTTP {
	case "", "1.1":
	case "1.0":
		if t.Class == measure.ClassSocket {
			return errors.New("an upgrade needs HTTP/1.1")
		}
	case "2":
		if t.Class == measure.ClassSocket {
			return errors.New("the go client opens no websockets over HTTP/2")
		}
		if !secure {
			return errors.New("the go client speaks HTTP/2 only over TLS")
		}
	case "3":
		return errors.New("the go client does not speak HTTP/3")
	default:
		return fmt.Errorf("unknown HTTP version %q", s.Target.HTTP)
	}
	if s.Target.Proxy != "" {
		u, err := url.Parse(s.Target.Proxy)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return fmt.Errorf("the go client uses only http and https proxies, not %q", s.Target.Proxy)
		}
	}
	return nil
}

// Subscribe receives until ctx ends, or until the first end when s.Resume is
// false, or until the origin says that it is over: an end notice with the
// reason terminated, status 204 or 410, and for eventsource any other status
// than 200 or another type than text/event-stream. When the client itself
// leaves there is no end event.
func (g *Go) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	sub, err := g.newSubscriber(s, sink)
	if err != nil {
		return fmt.Errorf("subscribe by %s: %w", s.Technique, err)
	}
	defer sub.close()
	sub.run(ctx)
	return nil
}

func (g *Go) newSubscriber(s measure.Subscription, sink func(measure.Event)) (*subscriber, error) {
	if err := g.Supports(s); err != nil {
		return nil, err
	}
	technique, _ := measure.TechniqueByName(s.Technique)
	u, err := url.Parse(s.Target.URL)
	if err != nil {
		return nil, err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is not an absolute http or https URL", s.Target.URL)
	}
	if technique.Callback && u.Query().Get("callback") == "" {
		return nil, fmt.Errorf("%q names no callback", s.Target.URL)
	}
	config, err := tlsConfig(s.Target)
	if err != nil {
		return nil, err
	}
	events := &reporter{sink: sink, clock: g.Clock().ID}
	var tcp net.Dialer
	if s.Target.SourceAddr != "" {
		ip := net.ParseIP(s.Target.SourceAddr)
		if ip == nil {
			return nil, fmt.Errorf("source address %q is not an IP address", s.Target.SourceAddr)
		}
		tcp.LocalAddr = &net.TCPAddr{IP: ip}
	}
	dial := &dialer{tcp: tcp.DialContext, events: events, tls: config}
	if s.Target.Proxy != "" {
		if dial.proxy, err = url.Parse(s.Target.Proxy); err != nil {
			return nil, err
		}
	}
	sub := &subscriber{
		Subscription: s,
		technique:    technique,
		url:          u,
		events:       events,
		dial:         dial,
		position:     s.After,
	}
	if sub.http, err = newRoundTripper(s.Target, technique, dial); err != nil {
		return nil, err
	}
	return sub, nil
}

var _ measure.Client = (*Go)(nil)
var _ http.RoundTripper = (*http10)(nil)
