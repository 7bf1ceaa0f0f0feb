package sockjs

import "net/http"

// eventSource is an event stream with a frame in each event. An Opera wanted
// the empty line in front.
func eventSource() transport {
	return transport{name: "eventsource", method: http.MethodGet, mediaType: "text/event-stream", crossOrigin: true,
		prelude: func(dst []byte, _ string) []byte { return append(dst, "\r\n"...) },
		frame: func(dst []byte, _, frame string) []byte {
			return append(append(append(dst, "data: "...), frame...), "\r\n\r\n"...)
		},
	}
}
