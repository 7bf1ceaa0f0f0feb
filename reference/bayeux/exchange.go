package bayeux

import (
	"encoding/json"
	"time"
)

// exchange works on the messages of one request, or of one frame.
type exchange struct {
	*Server
	options    Options
	transport  string
	browser    string // cookie of the request
	manyAtOnce bool   // the transport is no limit to how many connects are held
	received   time.Time

	replies  []reply
	session  *session // of the last message that had one
	connect  *pending // to be held; nil when there is none
	accepted int      // subscriptions and connects taken on
}

// pending is a connect that is not answered yet.
type pending struct {
	reply    reply
	wait     time.Duration // how long it may be held; negative is for ever
	interval time.Duration // that the client is told
	timesync *timesync
}

// process answers each message. Of several messages in one body a connect is
// answered at once, or its hold would hold up the others' answers.
func (x *exchange) process(all []message) {
	for _, m := range all {
		r := reply{Channel: m.text("channel"), Successful: true}
		id, ok := m.id()
		r.ID = id
		switch {
		case !ok:
			r.ID = nil
			x.refuse(&r, errBadID)
		case r.Channel == "":
			x.refuse(&r, errNoChannel)
		case !ValidChannel(r.Channel):
			err := errBadChannel
			if ValidPattern(r.Channel) {
				err = errWildPublish
			}
			x.refuse(&r, err)
		case r.Channel == "/meta/handshake":
			// Alone in its request: its neighbours are ignored, as the
			// specification has it, for they cannot know their session yet.
			x.handshake(m, &r)
			x.replies = append(x.replies[:0], r)
			return
		default:
			if x.inSession(m, &r, len(all) == 1) {
				continue
			}
		}
		x.replies = append(x.replies, r)
	}
}

// inSession answers a message that needs a session. It returns true when the
// answer is to wait.
func (x *exchange) inSession(m message, r *reply, alone bool) (held bool) {
	ss, err := x.sessionOf(m)
	if err != nil {
		x.refuse(r, err)
		r.Advice = x.advise(reconnectHandshake, 0, x.cfg.Timeout)
		if err == errShutdown {
			r.Advice.Reconnect = reconnectRetry
		}
		return false
	}
	x.use(ss)
	switch r.Channel {
	case "/meta/connect":
		return x.metaConnect(ss, m, r, alone)
	case "/meta/subscribe":
		x.subscribe(ss, m, r)
	case "/meta/unsubscribe":
		x.unsubscribe(ss, m, r)
	case "/meta/disconnect":
		x.remove(ss, endDisconnect)
		r.Advice = x.advise(reconnectNone, 0, ss.timeout)
	default:
		x.publish(ss, m, r)
	}
	return false
}

// sessionOf finds the session that a message claims, if it may.
func (x *exchange) sessionOf(m message) (*session, *Error) {
	id := m.text("clientId")
	if id == "" {
		return nil, errNoClient
	}
	ss := x.Server.session(id)
	switch {
	case ss == nil || ss.local != nil:
		x.mu.RLock()
		defer x.mu.RUnlock()
		if x.closed {
			return nil, errShutdown
		}
		return nil, errUnknownSession
	case x.transport != WebSocket && ss.browser != "" && ss.browser != x.browser && !x.cfg.TrustClientID:
		return nil, errOtherBrowser
	}
	return ss, nil
}

// use makes ss the exchange's session, and keeps its held connect asleep: the
// answer that is being made can bring what comes up.
func (x *exchange) use(ss *session) {
	if x.session == ss {
		return
	}
	x.done()
	ss.enter()
	x.session = ss
}

// done lets the session's held connect bring what the answer did not.
func (x *exchange) done() {
	if x.session != nil {
		x.session.leave()
		x.session = nil
	}
}

// refuse makes a reply an error.
func (x *exchange) refuse(r *reply, err *Error) {
	r.fail(err)
	x.options.refused(err)
}

// advise is a whole advice.
func (x *exchange) advise(reconnect string, interval, timeout time.Duration) *advice {
	if timeout < 0 {
		timeout = longest
	}
	return &advice{Reconnect: reconnect, Interval: interval.Milliseconds(), Timeout: timeout.Milliseconds()}
}

// handshake answers /meta/handshake.
func (x *exchange) handshake(m message, r *reply) {
	r.Advice = x.advise(reconnectNone, 0, x.cfg.Timeout)
	r.Version, r.SupportedConnectionTypes = version, x.options.transports()
	if v := m.text("version"); !speaks(v) {
		x.refuse(r, errNoVersion)
		return
	}
	if !anyOf(m.texts("supportedConnectionTypes"), r.SupportedConnectionTypes) {
		x.refuse(r, errNoTransport)
		return
	}
	if x.cfg.MayHandshake != nil {
		if err := x.cfg.MayHandshake(m["ext"]); err != nil {
			x.refuse(r, denied("", "handshake", err))
			return
		}
	}
	ss, err := x.newSession("")
	if err != nil {
		x.refuse(r, err)
		r.Advice = x.advise(reconnectHandshake, time.Second, x.cfg.Timeout)
		return
	}
	ss.browser, ss.timeout, ss.endsWithFeed = x.browser, x.cfg.Timeout, x.options.EndsWithFeed
	if x.options.Timeout != 0 {
		ss.timeout = x.options.Timeout
	}
	x.use(ss)
	r.ClientID, r.MinimumVersion = ss.id, version
	r.Advice = x.advise(reconnectRetry, x.cfg.Interval, ss.timeout)
	ext := m.object("ext")
	if wantsAcks(ext) {
		ss.acks = true
		r.addExt("ack", true)
	}
	if t := readTimesync(ext, x.received); t != nil && t.worth() {
		r.addExt("timesync", t.answer(x.received))
	}
	ss.mu.Lock()
	ss.expires(x.cfg.Interval)
	ss.mu.Unlock()
}

func (r *reply) addExt(name string, value any) {
	if r.Ext == nil {
		r.Ext = make(map[string]any)
	}
	r.Ext[name] = value
}

// version is the one there is.
const version = "1.0"

// speaks accepts 1.0 and what the grammar allows behind it: 1.0beta, 1.0.1.
func speaks(v string) bool {
	return v == "1" || len(v) >= 2 && v[:2] == "1."
}

func anyOf(asked, have []string) bool {
	for _, a := range asked {
		for _, h := range have {
			if a == h {
				return true
			}
		}
	}
	return false
}

// subscribe answers /meta/subscribe: of several patterns all or none.
func (x *exchange) subscribe(ss *session, m message, r *reply) {
	r.Subscription = m["subscription"]
	patterns := m.texts("subscription")
	if len(patterns) == 0 {
		r.Subscription = nil
		x.refuse(r, errNoSubscription)
		return
	}
	for _, p := range patterns {
		if err := x.maySubscribe(ss, p); err != nil {
			x.refuse(r, err)
			return
		}
	}
	positions := map[string]string{}
	replay := m.object("ext").object("replay")
	for _, p := range patterns {
		at, err := ss.subscribe(p, replay.text(p), x.options.Observer)
		if err != nil {
			x.refuse(r, err)
			return
		}
		if at != "" {
			positions[p] = at
		}
	}
	if len(positions) > 0 {
		r.addExt("replay", positions)
	}
	x.accepted++
	x.options.accepted()
}

func (x *exchange) maySubscribe(ss *session, pattern string) *Error {
	switch name := x.fedChannel(pattern); {
	case !ValidPattern(pattern):
		return errBadChannel
	case isMeta(pattern):
		return &Error{Code: 403, Args: []string{pattern}, Text: "subscribe_denied: /meta channels are not subscribed to"}
	case name != "" && !ValidChannel(pattern):
		return &Error{Code: 403, Args: []string{pattern}, Text: "subscribe_denied: one channel at a time below " + x.cfg.FeedPrefix}
	case x.cfg.MaySubscribe == nil:
		return nil
	}
	if err := x.cfg.MaySubscribe(ss.id, pattern); err != nil {
		return denied(pattern, "subscribe", err)
	}
	return nil
}

// subscribe adds a pattern to what the session listens to, and returns the
// position in a feed's channel.
func (ss *session) subscribe(pattern, after string, o Observer) (position string, _ *Error) {
	ss.mu.Lock()
	f, have := ss.subscribed[pattern]
	full := len(ss.subscribed) >= ss.server.cfg.MaxSubscriptions
	ss.mu.Unlock()
	switch name := ss.server.fedChannel(pattern); {
	case have && f != nil:
		return f.position(), nil
	case have:
		return "", nil
	case full:
		return "", errManyPatterns
	case name != "":
		var err error
		if f, err = ss.openFeed(pattern, name, after, o); err != nil {
			return "", denied(pattern, "subscribe", err)
		}
		position = f.position()
	}
	ss.mu.Lock()
	gone := ss.ended != alive
	if !gone {
		ss.subscribed[pattern] = f
	}
	ss.mu.Unlock()
	switch {
	case gone && f != nil:
		f.stop()
		return "", errUnknownSession
	case gone:
		return "", errUnknownSession
	case f == nil:
		ss.server.listen(pattern, ss)
	default:
		ss.rouse() // a replay
	}
	return position, nil
}

// unsubscribe answers /meta/unsubscribe. What was not subscribed to is no
// error: the client has what it wants.
func (x *exchange) unsubscribe(ss *session, m message, r *reply) {
	r.Subscription = m["subscription"]
	patterns := m.texts("subscription")
	if len(patterns) == 0 {
		r.Subscription = nil
		x.refuse(r, errNoSubscription)
		return
	}
	for _, p := range patterns {
		if !ValidPattern(p) {
			x.refuse(r, errBadChannel)
			return
		}
	}
	for _, p := range patterns {
		ss.unsubscribe(p)
	}
}

func (ss *session) unsubscribe(pattern string) {
	ss.mu.Lock()
	f, have := ss.subscribed[pattern]
	delete(ss.subscribed, pattern)
	ss.mu.Unlock()
	switch {
	case f != nil:
		f.stop()
	case have:
		ss.server.unlisten(pattern, ss)
	}
}

// publish answers a message to any other channel.
func (x *exchange) publish(ss *session, m message, r *reply) {
	data := m["data"]
	switch {
	case isMeta(r.Channel):
		x.refuse(r, &Error{Code: 404, Args: []string{r.Channel}, Text: "channel_unknown"})
		return
	case x.fedChannel(r.Channel) != "":
		x.refuse(r, &Error{Code: 403, Args: []string{r.Channel}, Text: "publish_denied: channels below " + x.cfg.FeedPrefix + " are fed from elsewhere"})
		return
	case data == nil:
		x.refuse(r, errNoData)
		return
	}
	if x.cfg.MayPublish != nil {
		if err := x.cfg.MayPublish(ss.id, r.Channel); err != nil {
			x.refuse(r, denied(r.Channel, "publish", err))
			return
		}
	}
	// json.RawMessage aliases the request's body, which nobody else has.
	x.distribute(&Delivery{Channel: r.Channel, ID: string(r.ID), Data: compact(data), From: ss.id}, ss)
}

// compact takes a value's insignificant white space off: line ends would break
// framings that a client may put it into.
func compact(data json.RawMessage) []byte {
	return appendCompact(make([]byte, 0, len(data)), data)
}
