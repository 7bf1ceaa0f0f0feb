package bayeux

import (
	"bytes"
	"net/http"
	"regexp"
	"time"
)

// Callbacks are names of functions, perhaps of an object's. CometD would also
// take a minus, which makes an expression of it.
var callbackName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*$`)

const (
	maxCallback     = 64
	defaultCallback = "jsonpcallback"
)

// serveCallback is the transport callback-polling: a script that calls a
// function of the page.
func (s *Server) serveCallback(w http.ResponseWriter, r *http.Request, o Options) {
	received := time.Now()
	q := r.URL.Query()
	callback := q.Get("jsonp")
	if callback == "" {
		callback = defaultCallback
	}
	if len(callback) > maxCallback || !callbackName.MatchString(callback) {
		err := &Error{Code: 400, Text: "callback_invalid"}
		o.refused(err)
		none := reply{}
		none.fail(err)
		h := w.Header()
		h.Set("Content-Type", "application/json;charset=UTF-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(append(none.encode([]byte{'['}), ']')) // the peer may be gone
		return
	}
	total := 0
	for _, text := range q["message"] {
		total += len(text)
	}
	all, err := parseTexts(q["message"])
	if err != nil || int64(total) > s.cfg.MaxMessageBytes {
		say(w, http.StatusBadRequest, "want message= with Bayeux messages")
		return
	}
	// A browser that is handed the answer as a document must not show it.
	w.Header().Set("Content-Disposition", "attachment; filename=f.txt")
	x := &exchange{Server: s, options: o, transport: CallbackPolling, manyAtOnce: r.ProtoMajor > 1, received: received}
	x.answer(w, r, all, "text/javascript;charset=UTF-8", func(body []byte) []byte { return call(callback, body) })
}

// call makes a script of a JSON text. Without the comment the first bytes of
// the answer would be the client's choice; U+2028 and U+2029 end a line in old
// engines; a < might end the element that the script is pasted into.
func call(callback string, body []byte) []byte {
	b := make([]byte, 0, len(body)+len(callback)+8)
	b = append(b, "/**/"...)
	b = append(b, callback...)
	b = append(b, '(')
	for len(body) > 0 {
		i := bytes.IndexAny(body, "<\u2028\u2029")
		if i < 0 {
			break
		}
		b = append(b, body[:i]...)
		body = body[i:]
		switch {
		case body[0] == '<':
			b, body = append(b, `\u003c`...), body[1:]
		case body[2] == 0xa8:
			b, body = append(b, `\u2028`...), body[3:]
		default:
			b, body = append(b, `\u2029`...), body[3:]
		}
	}
	b = append(b, body...)
	return append(b, ");"...)
}
