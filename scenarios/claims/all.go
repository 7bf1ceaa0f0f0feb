package claims

import "strings"

// All returns the claims in the order in which they are tested and reported:
// those of proxies, of servers, of browsers, of sockets and HTTP/2.
func All() []Claim {
	return []Claim{
		IframeAlwaysWorks(),
		IframeBetterThanXHR(),
		MultipartBandwidth(),
		MultipartBuffered(),
		LongPollBuffered(),
		LongPollFriendlier(),
		StreamingBeats(),
		PollingCost(),
		ThreadStarvation(),
		TwelveIframes(),
		IframeMemory(),
		Throbber(),
		TwoConnections(),
		WebSocketBalancing(),
		WebSocketPlain(),
		WebSocketHTTP2(),
		HTTP2Polling(),
		HTTP2Tabs(),
		BayeuxPerformance(),
	}
}

// underscored is a name as a part of a value's.
func underscored(name string) string { return strings.ReplaceAll(name, "-", "_") }
