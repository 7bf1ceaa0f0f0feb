package clients

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// bayeuxSession is the client's side of a Bayeux session: it shakes hands,
// subscribes to the channel that the URL names, and keeps one connect on its
// way. By polls it asks for acknowledged delivery, as whoever must not lose
// anything does: an answer that was cut comes again. A socket has no need of
// it as long as it lives; when it broke, the session goes on over the next one
// with what had not been written.
type bayeuxSession struct {
	technique string
	transport string
	channel   string // of the hub
	jar       http.CookieJar
	callback  string

	clientID   string // "" before the handshake
	subscribed bool
	number     int // of the last message
	ack        int64

	// Of the exchange under way.
	shaking bool
	failed  string // the error of an unsuccessful reply
	again   bool   // the session itself is gone: shake hands again
	over    bool   // the server said not to come back
	replies int
	head    func()       // reports the answer's head, which is kept back while shaking hands goes well
	waits   *bayeuxReply // the last connect's reply, for its interval
}

// newBayeuxSession is the session of one subscription.
func newBayeuxSession(s *subscriber) (*bayeuxSession, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make a cookie jar: %w", err)
	}
	channel := s.url.Query().Get("channel")
	if channel == "" {
		return nil, fmt.Errorf("%q names no channel", s.Target.URL)
	}
	return &bayeuxSession{
		technique: s.technique.Name, transport: strings.TrimPrefix(s.technique.Name, "bayeux-"),
		channel: "/hub/" + channel, jar: jar, callback: "_cometbench_jsonp",
	}, nil
}

// acks reports whether deliveries are acknowledged.
func (b *bayeuxSession) acks() bool { return b.transport != "websocket" }

// next is the message that is due, and the name that its URL ends in.
func (b *bayeuxSession) next(position string) (text []byte, name string) {
	b.shaking, b.failed, b.again, b.replies, b.waits, b.head = b.clientID == "", "", false, 0, nil, nil
	b.number++
	m := map[string]any{"id": strconv.Itoa(b.number)}
	ext := map[string]any{}
	switch {
	case b.clientID == "":
		name = "handshake"
		m["version"], m["supportedConnectionTypes"] = "1.0", []string{b.transport}
		if b.acks() {
			ext["ack"] = true
		}
	case !b.subscribed:
		m["channel"], m["clientId"], m["subscription"] = "/meta/subscribe", b.clientID, b.channel
		if position != "" {
			ext["replay"] = map[string]string{b.channel: position}
		}
	default:
		name = "connect"
		m["clientId"], m["connectionType"] = b.clientID, b.transport
		if b.acks() {
			ext["ack"] = b.ack
		}
	}
	if name != "" {
		m["channel"] = "/meta/" + name
	}
	if len(ext) > 0 {
		m["ext"] = ext
	}
	return bayeuxMessage(m), name
}

// took is told of each reply and says whether the client goes on with the next
// message.
func (b *bayeuxSession) took(r bayeuxReply) {
	b.replies++
	switch {
	case r.successful && r.channel == "/meta/handshake":
		b.clientID, b.subscribed, b.ack = r.clientID, false, 0
	case r.successful && r.channel == "/meta/subscribe":
		b.subscribed = true
	case r.successful && r.channel == "/meta/connect":
		if r.ack >= 0 {
			b.ack = r.ack
		}
		b.waits = &r
	case !r.successful:
		b.failed = r.err
		b.again = r.reconnect == "handshake"
		b.over = b.over || r.channel == "/meta/subscribe" && !b.again // no such channel any more
	}
	if b.again {
		b.clientID, b.subscribed = "", false
	}
	b.over = b.over || r.reconnect == "none"
}

// request is the session's next request by polls.
func (b *bayeuxSession) request(ctx context.Context, s *subscriber) (*http.Request, error) {
	text, name := b.next(s.position)
	u := s.url.JoinPath(name)
	method, body := http.MethodPost, text
	if b.transport == "callback-polling" {
		q := u.Query()
		q.Set("message", string(text))
		q.Set("jsonp", b.callback)
		u.RawQuery = q.Encode()
		method, body = http.MethodGet, nil
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", s.technique.Accept)
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	}
	s.dress(req.Header)
	if host := s.Target.Header.Get("Host"); host != "" {
		req.Host = host
	}
	return req, nil
}

// decoder is the one for the next answer.
func (b *bayeuxSession) decoder(x *exchange) (Decoder, error) {
	return newBayeuxDecoder(b.technique, b.callback, func(r bayeuxReply) {
		b.took(r)
		if r.successful && r.channel == "/meta/subscribe" {
			x.item(Item{Kind: measure.Prelude, ID: r.position})
		}
	})
}

// outcome is what an exchange by polls leaves to be done, given that its
// answer itself was sound or not.
func (b *bayeuxSession) outcome(x *exchange, out outcome) outcome {
	if b.head != nil && !(out.answered && b.failed == "" && b.replies > 0) {
		b.head()
	}
	if b.failed != "" {
		x.fail(b.failed)
		out.answered, out.failed, out.after = false, true, b.failed
	} else if out.answered && b.replies == 0 {
		x.fail("no reply in the answer")
		out.answered, out.failed, out.after = false, true, "no reply"
	}
	if b.waits != nil && b.waits.interval > 0 {
		out.retry = &b.waits.interval
	}
	out.over = out.over || b.over
	return out
}

// quiet reports whether an answer is none of the subscription's: the origin's
// record, too, begins with the subscription.
func (b *bayeuxSession) quiet() bool { return b != nil && b.shaking && b.failed == "" }
