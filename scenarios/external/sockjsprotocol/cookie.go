package sockjsprotocol

import (
	"net/http"
	"strings"
)

// gives wants JSESSIONID with this value, for every path.
func (r *answer) gives(value string) {
	cookie := r.header.Get("Set-Cookie")
	parts := strings.Split(cookie, ";")
	r.need(strings.TrimSpace(parts[0]) == "JSESSIONID="+value, "got cookie %q, want JSESSIONID=%s", cookie, value)
	r.need(len(parts) > 1 && strings.EqualFold(strings.TrimSpace(parts[1]), "path=/"), "got cookie %q, want path=/", cookie)
}

func cookieCases() []Case {
	return []Case{
		{Name: "JsessionidCookie.test_basic", ask: func(a *asking) {
			r := a.get(cookied + "/info")
			r.noCookie()
			r.need(*r.info().CookieNeeded, "cookie_needed is false")
		}},
		{Name: "JsessionidCookie.test_xhr", ask: func(a *asking) {
			a.post(newSession(cookied)+"/xhr", "").is(http.StatusOK, "o\n").gives("dummy")
			a.post(newSession(cookied)+"/xhr", "", "Cookie", "JSESSIONID=abcdef").is(http.StatusOK, "o\n").gives("abcdef")
		}},
		{Name: "JsessionidCookie.test_xhr_streaming", ask: func(a *asking) {
			a.post(newSession(cookied)+"/xhr_streaming", "").has(http.StatusOK).gives("dummy")
		}},
		{Name: "JsessionidCookie.test_eventsource", ask: func(a *asking) {
			a.get(newSession(cookied) + "/eventsource").has(http.StatusOK).gives("dummy")
		}},
		{Name: "JsessionidCookie.test_htmlfile", ask: func(a *asking) {
			a.get(newSession(cookied) + "/htmlfile?c=%63allback").has(http.StatusOK).gives("dummy")
		}},
		{Name: "JsessionidCookie.test_jsonp", ask: func(a *asking) {
			session := newSession(cookied)
			a.called(session, "callback", "o").gives("dummy")
			a.submits(session, `["x"]`).gives("dummy")
		}},
	}
}
