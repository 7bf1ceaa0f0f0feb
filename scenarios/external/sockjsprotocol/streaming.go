package sockjsprotocol

import (
	"net/http"
	"strings"
)

// prelude is what xhr_streaming starts with.
var prelude = strings.Repeat("h", 2048) + "\n"

func streamingCases() []Case {
	return []Case{
		{Name: "XhrStreaming.test_options", ask: func(a *asking) { a.preflight(echo+"/abc/abc/xhr_streaming", "OPTIONS", "POST") }},
		{Name: "XhrStreaming.test_transport", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			r := a.post(session+"/xhr_streaming", "", "Origin", "test").has(http.StatusOK)
			r.mediaType("application/javascript;charset=UTF-8")
			r.readableBy("test")
			r.notCached()
			r.frame(prelude)
			r.frame("o\n")
			a.sends(session, `["x"]`)
			r.frame(`a["x"]` + "\n")
		}},
		{Name: "XhrStreaming.test_response_limit", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			r := a.post(session+"/xhr_streaming", "").has(http.StatusOK)
			r.frame(prelude)
			r.frame("o\n")
			message := `["` + strings.Repeat("x", 128) + `"]`
			for range 31 { // the last one crosses 4,096 bytes, prelude not counted
				a.sends(session, message)
				r.frame("a" + message + "\n")
			}
			r.ends()
		}},
		{Name: "EventSource.test_transport", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			r := a.get(session + "/eventsource").has(http.StatusOK)
			r.mediaType("text/event-stream")
			r.notCached()
			r.frame("\r\n")
			r.frame("data: o\r\n\r\n")
			a.sends(session, `["x"]`)
			r.frame("data: a[\"x\"]\r\n\r\n")
			a.sends(session, `["  \u0000\n\r "]`)
			r.frame("data: a[\"  \\u0000\\n\\r \"]\r\n\r\n")
		}},
		{Name: "EventSource.test_response_limit", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			r := a.get(session + "/eventsource").has(http.StatusOK)
			r.frame("\r\n")
			r.frame("data: o\r\n\r\n")
			message := `["` + strings.Repeat("x", 4096) + `"]`
			a.sends(session, message)
			r.frame("data: a" + message + "\r\n\r\n")
			r.ends()
		}},
	}
}
