package sockjs

import (
	"net/http"
	"strings"
)

// eventSource is an event stream with a frame in each event. An Opera wanted
// the empty line in front. The published client reads an event by decodeURI,
// and the published server writes each percent sign as %25: one that is left as
// it is makes that client throw, or alters the message.
func eventSource() transport {
	return transport{name: "eventsource", method: http.MethodGet, mediaType: "text/event-stream", crossOrigin: true,
		prelude: func(dst []byte, _ string) []byte { return append(dst, "\r\n"...) },
		frame: func(dst []byte, _, frame string) []byte {
			return append(append(append(dst, "data: "...), strings.ReplaceAll(frame, "%", "%25")...), "\r\n\r\n"...)
		},
	}
}
