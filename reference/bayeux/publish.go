package bayeux

import "encoding/json"

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
