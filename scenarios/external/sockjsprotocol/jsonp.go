package sockjsprotocol

import "net/http"

// called wants a poll by script to call back with a frame.
func (a *asking) called(session, callback, frame string) *answer {
	return a.get(session+"/jsonp?c="+callback).is(http.StatusOK, "/**/"+callback+`("`+frame+"\");\r\n")
}

// submits sends messages as a form.
func (a *asking) submits(session, messages string) *answer {
	return a.post(session+"/jsonp_send", "d="+escaped(messages), form...).is(http.StatusOK, "ok")
}

func jsonpCases() []Case {
	return []Case{
		{Name: "JsonPolling.test_transport", ask: func(a *asking) {
			session := newSession(echo)
			r := a.get(session+"/jsonp?c=%63allback").is(http.StatusOK, "/**/callback(\"o\");\r\n")
			r.mediaType("application/javascript;charset=UTF-8")
			r.notCached()
			r = a.submits(session, `["x"]`)
			r.mediaType("text/plain;charset=UTF-8")
			r.notCached()
			a.called(session, "callback", `a[\"x\"]`)
		}},
		{Name: "JsonPolling.test_no_callback", ask: func(a *asking) {
			a.get(echo+"/a/a/jsonp").says(http.StatusInternalServerError, `"callback" parameter required`)
		}},
		{Name: "JsonPolling.test_invalid_callback", ask: func(a *asking) {
			for _, name := range badCallbacks {
				a.get(echo+"/a/a/jsonp?c="+name).says(http.StatusInternalServerError, `invalid "callback" parameter`)
			}
		}},
		{Name: "JsonPolling.test_invalid_json", ask: func(a *asking) {
			session := newSession(echo)
			a.called(session, "x", "o")
			a.post(session+"/jsonp_send", "d="+escaped(`["x`), form...).says(http.StatusInternalServerError, "Broken JSON encoding.")
			for _, body := range []string{"", "d=", "p=p"} {
				a.post(session+"/jsonp_send", body, form...).says(http.StatusInternalServerError, "Payload expected.")
			}
			a.submits(session, `["b"]`)
			a.called(session, "x", `a[\"b\"]`)
		}},
		{Name: "JsonPolling.test_content_types", ask: func(a *asking) {
			session := newSession(echo)
			a.called(session, "x", "o")
			a.submits(session, `["abc"]`)
			a.called(session, "x", `a[\"abc\"]`)
			a.post(session+"/jsonp_send", `["%61bc"]`, "Content-Type", "text/plain").is(http.StatusOK, "ok")
			a.called(session, "x", `a[\"%61bc\"]`) // a body that is no form is not unescaped
		}},
		{Name: "JsonPolling.test_close", ask: func(a *asking) {
			session := newSession(closing)
			a.called(session, "x", "o")
			a.called(session, "x", `c[3000,\"Go away!\"]`)
			a.called(session, "x", `c[3000,\"Go away!\"]`)
		}},
		{Name: "JsonPolling.test_sending_empty_frame", ask: func(a *asking) {
			session := newSession(echo)
			a.called(session, "x", "o")
			a.submits(session, "[]")
			a.submits(session, `["x"]`)
			a.called(session, "x", `a[\"x\"]`)
		}},
	}
}
