package sockjsprotocol

import (
	"net/http"
	"strings"
)

func xhrCases() []Case {
	return []Case{
		{Name: "XhrPolling.test_options", ask: func(a *asking) {
			a.preflight(echo+"/abc/abc/xhr", "OPTIONS", "POST")
			a.preflight(echo+"/abc/abc/xhr_send", "OPTIONS", "POST")
		}},
		{Name: "XhrPolling.test_transport", ask: func(a *asking) {
			session := newSession(echo)
			r := a.post(session+"/xhr", "", "Origin", "test").is(http.StatusOK, "o\n")
			r.mediaType("application/javascript;charset=UTF-8")
			r.readableBy("test")
			r.notCached()
			r = a.post(session+"/xhr_send", `["x"]`, "Origin", "test").is(http.StatusNoContent, "")
			r.mediaType("text/plain;charset=UTF-8")
			r.readableBy("test")
			r.notCached()
			a.polled(session, `a["x"]`)
		}},
		{Name: "XhrPolling.test_invalid_session", ask: func(a *asking) {
			a.post(newSession(echo)+"/xhr_send", `["x"]`).has(http.StatusNotFound)
		}},
		{Name: "XhrPolling.test_invalid_json", ask: func(a *asking) {
			session := newSession(echo)
			a.polled(session, "o")
			a.post(session+"/xhr_send", `["x`).says(http.StatusInternalServerError, "Broken JSON encoding.")
			a.post(session+"/xhr_send", "").says(http.StatusInternalServerError, "Payload expected.")
			a.sends(session, `["a"]`)
			a.polled(session, `a["a"]`)
		}},
		{Name: "XhrPolling.test_content_types", ask: func(a *asking) {
			session := newSession(echo)
			a.polled(session, "o")
			types := []string{"text/plain", "T", "application/json", "application/xml", "", "application/json; charset=utf-8", "text/xml; charset=utf-8", "text/xml"}
			for _, t := range types {
				a.post(session+"/xhr_send", `["a"]`, "Content-Type", t).is(http.StatusNoContent, "")
			}
			a.polledAll(session, strings.Repeat(`,"a"`, len(types))[1:])
		}},
		{Name: "XhrPolling.test_request_headers_cors", ask: func(a *asking) {
			for _, headers := range []string{"a, b, c", "", "absent"} {
				header := map[string]string{"Origin": "test", "Access-Control-Request-Method": "POST"}
				want := headers
				if headers == "absent" {
					want = ""
				} else {
					header["Access-Control-Request-Headers"] = headers
				}
				r := a.send(request{method: http.MethodOptions, path: newSession(echo) + "/xhr", header: header})
				r.need(r.status == http.StatusOK || r.status == http.StatusNoContent, "got status %d", r.status)
				r.readableBy("test")
				r.need(r.header.Get("Access-Control-Allow-Headers") == want, "got Access-Control-Allow-Headers %q, want %q", r.header.Get("Access-Control-Allow-Headers"), want)
			}
		}},
		{Name: "XhrPolling.test_sending_empty_frame", ask: func(a *asking) {
			session := newSession(echo)
			a.polled(session, "o")
			a.sends(session, "[]")
			a.sends(session, `["a"]`)
			a.polled(session, `a["a"]`)
		}},
	}
}

// polledAll polls until all these messages have come, in however many frames:
// an echo may come back before the next message is sent.
func (a *asking) polledAll(session, messages string) {
	got := ""
	for len(got) < len(messages) {
		r := a.post(session+"/xhr", "").has(http.StatusOK)
		body := r.body()
		inner, ok := strings.CutPrefix(body, "a[")
		inner, end := strings.CutSuffix(inner, "]\n")
		r.need(ok && end, "got %.200q, want an array frame", body)
		got = strings.TrimPrefix(got+","+inner, ",")
	}
	a.need(got == messages, "got messages %.200q, want %.200q", got, messages)
}
