package sockjs

import (
	"errors"
	"net/http"
)

// jsonp polls by a script that calls a function of the page with the frame. The
// comment in front keeps the first bytes of the answer out of the caller's
// hands.
func jsonp() transport {
	return transport{name: "jsonp", method: http.MethodGet, mediaType: scriptType, callback: true, polling: true,
		frame: func(dst []byte, callback, frame string) []byte {
			dst = append(append(append(dst, "/**/"...), callback...), '(')
			return append(appendScriptQuoted(dst, frame), ");\r\n"...)
		},
	}
}

// maxCallback bounds the name of a callback, in bytes.
const maxCallback = 128

var (
	errNoCallback  = errors.New(`"callback" parameter required`)
	errBadCallback = errors.New(`invalid "callback" parameter`)
)

// callbackOf is the function that the client wants to be called: letters,
// digits, - _ and dots. Anything else could be a script of somebody else's.
func callbackOf(r *http.Request) (string, error) {
	q := r.URL.Query()
	name := q.Get("c")
	if name == "" {
		name = q.Get("callback")
	}
	if name == "" {
		return "", errNoCallback
	}
	if len(name) > maxCallback {
		return "", errBadCallback
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return "", errBadCallback
		}
	}
	return name, nil
}
