package bayeux

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
