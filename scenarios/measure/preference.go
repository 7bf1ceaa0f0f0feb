package measure

import (
	"slices"
	"strings"
)

// tiers are the techniques in the order in which an application should try
// them: sockets, EventSource, other streams, held polls, plain polls. Within
// a tier the one that costs least and does most comes first.
var tiers = [][]string{
	{"websocket", "webtransport", "sockjs-websocket", "bayeux-websocket"},
	{"eventsource", "sockjs-eventsource"},
	{"fetch-streaming", "xhr-streaming", "forever-iframe", "htmlfile", "forever-iframe-text", "multipart", "content-length-stream",
		"sockjs-xhr-streaming", "sockjs-htmlfile"},
	{"long-poll", "callback-poll", "early-close", "sockjs-xhr", "sockjs-jsonp", "bayeux-long-polling", "bayeux-callback-polling"},
	{"short-poll", "piggyback"},
}

// Preference is a technique's tier and its place in it, lower is better. The
// external suites' techniques name their transport last.
func Preference(technique string) (tier, place int) {
	for tier, list := range tiers {
		if i := slices.Index(list, technique); i >= 0 {
			return tier, i
		}
	}
	for tier, endings := range [][]string{{"-websocket"}, {"-eventsource"}, {"-streaming", "-htmlfile"}, {"-polling", "-xhr", "-jsonp"}} {
		if slices.ContainsFunc(endings, func(end string) bool { return strings.HasSuffix(technique, end) }) {
			return tier, len(tiers[tier])
		}
	}
	return len(tiers), 0
}
