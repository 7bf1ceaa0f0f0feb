package bayeux

import "time"

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
