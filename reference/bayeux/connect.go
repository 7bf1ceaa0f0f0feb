package bayeux

import (
	"time"
)

// metaConnect takes a connect on. It returns true when its answer is to wait
// in x.connect.
func (x *exchange) metaConnect(ss *session, m message, r *reply, alone bool) (held bool) {
	if t := m.text("connectionType"); !anyOf([]string{t}, x.options.transports()) {
		x.refuse(r, &Error{Code: 301, Text: "connection_type_unsupported"})
		r.Advice = x.advise(reconnectHandshake, 0, ss.timeout)
		return false
	}
	p := &pending{wait: ss.timeout, interval: x.cfg.Interval, timesync: readTimesync(m.object("ext"), x.received)}
	asked := m.object("advice")
	if d, ok := asked.milliseconds("timeout"); ok && (p.wait < 0 || d < p.wait) {
		p.wait = d
	}
	if !alone {
		p.wait = 0
	}
	if ss.acks {
		if n, ok := m.object("ext").number("ack"); ok {
			ss.acknowledged(int64(n))
		}
	}
	r.Advice = x.advise(reconnectRetry, p.interval, ss.timeout)
	if ss.listens() {
		x.accepted++
		x.options.accepted()
	}
	p.reply = *r
	ss.connecting()
	x.connect = p
	return true
}

// crowded reports whether the browser has as many connects held as it may,
// and counts this one if not. Over HTTP/2 there is no limit.
func (s *Server) crowded(ss *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.browsers[ss.browser]
	if all[ss] == 0 && len(all) >= s.cfg.SessionsPerBrowser {
		return true
	}
	if all == nil {
		all = make(map[*session]int)
		s.browsers[ss.browser] = all
	}
	all[ss]++
	return false
}

// uncrowd takes one back that crowded counted.
func (s *Server) uncrowd(ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.browsers[ss.browser]
	if all[ss]--; all[ss] == 0 {
		delete(all, ss)
	}
	if len(all) == 0 {
		delete(s.browsers, ss.browser)
	}
}

// several makes p the answer to one session too many of a browser: its connect
// is not held, and it becomes a poller.
func (x *exchange) several(p *pending) {
	p.wait, p.interval = 0, x.cfg.MultiSessionInterval
	p.reply.Advice.MultipleClients = true
	if p.interval < 0 {
		p.interval = 0
		p.reply.Advice.Reconnect = reconnectNone
		x.refuse(&p.reply, errManyClients)
	}
	p.reply.Advice.Interval = p.interval.Milliseconds()
}

// finish completes a connect's reply when its wait is over, for whatever
// reason, with the number of the batch that goes with it.
func (p *pending) finish(s *Server, ss *session, number int64) reply {
	r := p.reply
	switch ss.over() {
	case alive:
	case endShutdown:
		r.Advice.Reconnect = reconnectRetry
	case endExpired, endOverflow:
		r.fail(errUnknownSession)
		r.Advice.Reconnect = reconnectHandshake
	default:
		r.Advice.Reconnect = reconnectNone
	}
	if ss.acks {
		r.addExt("ack", number)
	}
	if p.timesync != nil && p.timesync.worth() {
		r.addExt("timesync", p.timesync.answer(time.Now()))
	}
	return r
}
