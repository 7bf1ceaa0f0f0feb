package sockjsprotocol

import (
	"encoding/json"
	"net/http"
	"slices"
)

// info is what /info says.
type info struct {
	WebSocket    *bool    `json:"websocket"`
	CookieNeeded *bool    `json:"cookie_needed"`
	Origins      []string `json:"origins"`
	Entropy      *uint32  `json:"entropy"` // fails beyond 32 bits
}

func (r *answer) info() info {
	var i info
	r.has(http.StatusOK)
	r.must(json.Unmarshal([]byte(r.body()), &i))
	r.need(i.WebSocket != nil && i.CookieNeeded != nil && i.Entropy != nil, "websocket, cookie_needed or entropy is missing")
	return i
}

func infoCases() []Case {
	return []Case{
		{Name: "InfoTest.test_basic", ask: func(a *asking) {
			r := a.get(echo+"/info", "Origin", "test")
			r.mediaType("application/json;charset=UTF-8")
			r.noCookie()
			r.notCached()
			r.readableBy("test")
			i := r.info()
			r.need(*i.WebSocket, "websocket is false")
			r.need(slices.Equal(i.Origins, []string{"*:*"}), "origins is %q", i.Origins)
		}},
		{Name: "InfoTest.test_entropy", ask: func(a *asking) {
			a.need(*a.get(echo + "/info").info().Entropy != *a.get(echo + "/info").info().Entropy, "the same entropy twice")
		}},
		{Name: "InfoTest.test_options", ask: func(a *asking) { a.preflight(echo+"/info", "OPTIONS", "GET") }},
		{Name: "InfoTest.test_options_null_origin", ask: func(a *asking) {
			r := a.send(request{method: http.MethodOptions, path: echo + "/info", header: map[string]string{
				"Origin": "null", "Access-Control-Request-Method": "POST",
			}})
			r.need(r.status == http.StatusOK || r.status == http.StatusNoContent, "got status %d", r.status)
			r.need(r.body() == "", "OPTIONS is answered with a body")
			r.need(r.header.Get("Access-Control-Allow-Origin") == "null", "got origin %q, want null", r.header.Get("Access-Control-Allow-Origin"))
		}},
		{Name: "InfoTest.test_disabled_websocket", ask: func(a *asking) {
			a.need(!*a.get(noSocket + "/info").info().WebSocket, "websocket is true where it is disabled")
		}},
	}
}
