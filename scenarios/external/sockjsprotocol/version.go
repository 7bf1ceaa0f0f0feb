package sockjsprotocol

import (
	"io"
	"net/http"
	"strings"
)

const welcome = "Welcome to SockJS!\n"

var keepAlive = map[string]string{"Connection": "Keep-Alive"}

// hangsUp wants the connection to be closed.
func (r *answer) hangsUp() {
	n, err := io.Copy(io.Discard, r.r)
	r.must(err)
	r.need(n == 0, "%d more bytes before the end", n)
}

func versionCases() []Case {
	return []Case{
		{Name: "Http10.test_synchronous", ask: func(a *asking) {
			q := request{method: http.MethodGet, path: echo, version: "1.0", header: keepAlive}
			r := a.send(q).has(http.StatusOK)
			r.need(r.header.Get("Transfer-Encoding") == "", "HTTP/1.0 has no Transfer-Encoding")
			r.need(r.body() == welcome, "not the greeting")
			connection := strings.ToLower(r.header.Get("Connection"))
			if r.length < 0 || connection == "close" || connection == "" {
				r.hangsUp()
				return
			}
			r.need(connection == "keep-alive", "got Connection: %s", connection)
			a.over(r.conn, r.r, q).answer().is(http.StatusOK, welcome)
		}},
		{Name: "Http10.test_streaming", ask: func(a *asking) {
			r := a.send(request{method: http.MethodPost, path: newSession(closing) + "/xhr_streaming", version: "1.0", header: keepAlive}).has(http.StatusOK)
			r.need(r.header.Get("Transfer-Encoding") == "" && r.length < 0, "a stream over HTTP/1.0 has neither encoding nor length: %v", r.header)
			r.need(r.body() == prelude+"o\n"+goAway+"\n", "not a stream of a session that closes")
		}},
		{Name: "Http11.test_synchronous", ask: func(a *asking) {
			q := request{method: http.MethodGet, path: echo, header: keepAlive}
			r := a.send(q).has(http.StatusOK)
			connection := strings.ToLower(r.header.Get("Connection"))
			r.need(connection == "keep-alive" || connection == "", "got Connection: %s", connection)
			r.need(r.chunked != (r.length >= 0), "want either chunks or a length: %v", r.header)
			r.need(r.body() == welcome, "not the greeting")
			a.over(r.conn, r.r, q).answer().is(http.StatusOK, welcome)
		}},
		{Name: "Http11.test_streaming", ChunkBound: true, ask: func(a *asking) {
			r := a.send(request{method: http.MethodPost, path: newSession(closing) + "/xhr_streaming", header: keepAlive}).has(http.StatusOK)
			r.need(r.chunked && r.length < 0, "want chunks and no length: %v", r.header)
			r.frame(prelude)
			r.frame("o\n")
			r.frame(goAway + "\n")
			r.ends()
		}},
	}
}
