package clients

import (
	"net/url"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DefaultCallback is the name that SubscribeURL asks for where a technique
// needs one.
const DefaultCallback = "cb"

// SubscribeURL is where a reference server at base (scheme and host, perhaps a
// path prefix) lets one subscribe to channel by technique; for SockJS it is the
// URL that a SockJS client is given. opts are the
// subscribe options; they are not changed.
func SubscribeURL(base *url.URL, technique, channel string, opts url.Values) string {
	q := url.Values{}
	for name, values := range opts {
		q[name] = values
	}
	q.Set("channel", channel)
	if sockjsTransports[technique] != "" {
		u := base.JoinPath(sockjsHub)
		u.RawQuery = q.Encode()
		return u.String()
	}
	if t, ok := measure.TechniqueByName(technique); ok && t.Callback && !q.Has("callback") {
		q.Set("callback", DefaultCallback)
	}
	u := base.JoinPath("t", technique)
	u.RawQuery = q.Encode()
	return u.String()
}

// withAfter returns u asking for what comes behind a position. An empty
// position takes the question away.
func withAfter(u *url.URL, position string) *url.URL {
	out := *u
	q := out.Query()
	if q.Get("after") == position {
		return &out
	}
	q.Del("after")
	if position != "" {
		q.Set("after", position)
	}
	out.RawQuery = q.Encode()
	return &out
}
