package sockjs

import "net/http"

const scriptType = "application/javascript; charset=UTF-8"

// xhr polls: a frame and a line feed is the whole answer.
func xhr() transport {
	return transport{name: "xhr", method: http.MethodPost, mediaType: scriptType, crossOrigin: true, polling: true, frame: lineFrame}
}

// xhrStreaming is the same without an end, behind 2 KB that make old browsers
// show what comes.
func xhrStreaming() transport {
	return transport{name: "xhr_streaming", method: http.MethodPost, mediaType: scriptType, crossOrigin: true, frame: lineFrame,
		prelude: func(dst []byte, _ string) []byte {
			for range 2048 {
				dst = append(dst, 'h')
			}
			return append(dst, '\n')
		},
	}
}

func lineFrame(dst []byte, _, frame string) []byte { return append(append(dst, frame...), '\n') }
