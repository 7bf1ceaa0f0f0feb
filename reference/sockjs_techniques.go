package reference

import "net/http"

// sockjsTechniques are the transports of SockJS. The names of their URLs are
// the protocol's.
func sockjsTechniques() []ProtocolTechnique {
	const base = sockjsHubPath + "/SERVER/SESSION/"
	get, post := []string{http.MethodGet}, []string{http.MethodPost}
	return []ProtocolTechnique{
		{"sockjs-xhr", base + "xhr?channel=C", Info{
			Class: Held, Family: "sockjs", Methods: post, HTTP: HTTPVersions(),
			Summary: "SockJS by polling: each answer is one frame.",
		}},
		{"sockjs-xhr-streaming", base + "xhr_streaming?channel=C", Info{
			Class: Stream, Family: "sockjs", Methods: post, HTTP: HTTPVersions(),
			Summary: "SockJS in an answer that goes on, a frame a line, behind 2 KB of prelude.",
		}},
		{"sockjs-eventsource", base + "eventsource?channel=C", Info{
			Class: Stream, Family: "sockjs", Methods: get, HTTP: HTTPVersions(),
			Summary: "SockJS in an event stream, a frame an event.",
		}},
		{"sockjs-htmlfile", base + "htmlfile?c=NAME&channel=C", Info{
			Class: Stream, Family: "sockjs", Methods: get, HTTP: HTTPVersions(),
			Summary: "SockJS in a page that never ends, a script a frame.",
		}},
		{"sockjs-jsonp", base + "jsonp?c=NAME&channel=C", Info{
			Class: Held, Family: "sockjs", Methods: get, HTTP: HTTPVersions(),
			Summary: "SockJS by a script element: each answer calls a function with one frame.",
		}},
		{"sockjs-websocket", base + "websocket?channel=C", Info{
			Class: Socket, Family: "sockjs", Methods: get, HTTP: []string{"1.1"}, NotOver: websocketNotOver(), Upstream: true,
			Summary: "SockJS in a WebSocket, a frame a message.",
		}},
	}
}

// sockjsTechniqueOf is the technique behind a transport's name in a URL.
var sockjsTechniqueOf = map[string]string{
	"xhr": "sockjs-xhr", "xhr_streaming": "sockjs-xhr-streaming", "eventsource": "sockjs-eventsource",
	"htmlfile": "sockjs-htmlfile", "jsonp": "sockjs-jsonp", "websocket": "sockjs-websocket", "raw-websocket": "sockjs-raw-websocket",
}
