package clients

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
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
	t, ok := techniqueOf(s)
	if !ok {
		return fmt.Errorf("the go client does not know technique %q", s.Technique)
	}
	if _, err := t.As(s.Variant); err != nil {
		return err
	}
	version := s.Target.HTTP
	if version == "" {
		version = "1.1"
	}
	if !slices.Contains([]string{"1.0", "1.1", "2", "3"}, version) {
		return fmt.Errorf("unknown HTTP version %q", version)
	}
	if len(s.Uplink) > 0 && t.Name != "websocket" {
		return fmt.Errorf("%s has no frames to send up", t.Name)
	}
	if !t.Speaks(version) {
		return fmt.Errorf("%s goes over HTTP/%s, not over HTTP/%s: %s", t.Name, strings.Join(t.HTTP, ", HTTP/"), version, t.HTTPNote)
	}
	return reachable(s.Target, version)
}

// reachable says why a target cannot be reached over an HTTP version, or nil.
func reachable(t measure.Target, version string) error {
	if version == "3" && !strings.HasPrefix(t.URL, "https:") {
		return errors.New("HTTP/3 needs an https URL: QUIC is always encrypted")
	}
	if t.Proxy == "" {
		return nil
	}
	if version == "3" {
		return errors.New("HTTP/3 goes direct only: a forward proxy carries TCP, and the go client has no CONNECT-UDP (RFC 9298)")
	}
	u, err := url.Parse(t.Proxy)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("the go client uses only http and https proxies, not %q", t.Proxy)
	}
	return nil
}

// Subscribe receives until ctx ends, or until the first end when s.Resume is
// false, or until the origin says that it is over: an end notice with the
// reason terminated, status 204 or 410, and for eventsource any other status
// than 200 or another type than text/event-stream. When the client itself
// leaves there is no end event.
func (g *Go) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	if err := supported(g, s); err != nil {
		return fmt.Errorf("subscribe by %s: %w", s.Technique, err)
	}
	return subscribe(ctx, s, sink, receiver{clock: g.Clock().ID, userAgent: UserAgent})
}

// techniqueOf finds the row to receive by.
func techniqueOf(s measure.Subscription) (measure.Technique, bool) {
	if s.Stream != nil {
		return measure.App(s.Stream.Framing), s.Technique == measure.AppTechnique
	}
	return measure.TechniqueByName(s.Technique)
}

// receiver is what tells a model from the go client.
type receiver struct {
	clock     string
	userAgent string
	sees      func(technique string) visibility // nil: each byte as it comes
	slots     *slots                            // nil: as many sockets as wanted
}

func subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event), r receiver) error {
	sub, err := newSubscriber(s, sink, r)
	if err != nil {
		return fmt.Errorf("subscribe by %s: %w", s.Technique, err)
	}
	defer sub.close()
	if s.Vanish != nil {
		defer sub.dial.vanishAt(s.Vanish)()
	}
	sub.run(ctx)
	return nil
}

// newSubscriber prepares a subscription that is supported.
func newSubscriber(s measure.Subscription, sink func(measure.Event), r receiver) (*subscriber, error) {
	technique, _ := techniqueOf(s)
	s, err := ApplyVariant(s)
	if err != nil {
		return nil, err
	}
	sub, err := prepare(s, technique, sink, r)
	if err != nil {
		return nil, err
	}
	if technique.Callback && sub.url.Query().Get("callback") == "" {
		return nil, fmt.Errorf("%q names no callback", s.Target.URL)
	}
	if technique.Session == "bayeux" {
		if sub.bayeux, err = newBayeuxSession(sub); err != nil {
			return nil, err
		}
	}
	return sub, nil
}

// prepare makes what a subscription, or a single request to its target, needs.
func prepare(s measure.Subscription, technique measure.Technique, sink func(measure.Event), r receiver) (*subscriber, error) {
	u, err := url.Parse(s.Target.URL)
	if err != nil {
		return nil, err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is not an absolute http or https URL", s.Target.URL)
	}
	config, err := tlsConfig(s.Target)
	if err != nil {
		return nil, err
	}
	events := &reporter{sink: sink, clock: r.clock}
	tcp := net.Dialer{Timeout: connectTimeout}
	var source net.IP
	if s.Target.SourceAddr != "" {
		if source = net.ParseIP(s.Target.SourceAddr); source == nil {
			return nil, fmt.Errorf("source address %q is not an IP address", s.Target.SourceAddr)
		}
		tcp.LocalAddr = &net.TCPAddr{IP: source}
	}
	dial := &dialer{tcp: tcp.DialContext, events: events, tls: config, userAgent: r.userAgent, wire: s.Wire}
	if r.slots != nil {
		dial.tcp = r.slots.limited(dial.tcp)
	}
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
		receiver:     r,
	}
	if r.sees != nil {
		sub.view = r.sees(technique.Name)
	}
	if s.Target.HTTP == "3" {
		sub.quic = &quicDialer{dial: dial, source: source}
	}
	switch {
	case technique.Name == "webtransport":
	case sub.quic != nil:
		sub.http = newHTTP3(sub.quic, config)
	default:
		if sub.http, err = newRoundTripper(s.Target, technique, dial); err != nil {
			return nil, err
		}
	}
	return sub, nil
}

var _ measure.Client = (*Go)(nil)
var _ measure.Asker = (*Go)(nil)
var _ http.RoundTripper = (*http10)(nil)
var _ http.RoundTripper = (*http3Transport)(nil)
