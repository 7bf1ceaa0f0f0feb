package bayeux

import (
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
