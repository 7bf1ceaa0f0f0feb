package sockjs

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// maxID bounds the decoded name of a session, in bytes.
const maxID = 256

var iframePath = regexp.MustCompile(`^/iframe[0-9-.a-z_]*\.html$`)

// sessionPath splits /SERVER/SESSION/TRANSPORT, still escaped. SERVER is for
// balancers; the session is found by SESSION alone. Neither may be empty or
// contain a dot.
func sessionPath(path string) (session, transport string, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 4 || parts[0] != "" {
		return "", "", false
	}
	for _, part := range parts[1:3] {
		if part == "" || strings.Contains(part, ".") {
			return "", "", false
		}
	}
	if _, err := url.PathUnescape(parts[1]); err != nil {
		return "", "", false
	}
	session, err := url.PathUnescape(parts[2])
	if err != nil || len(session) > maxID {
		return "", "", false
	}
	return session, parts[3], true
}

// ServeHTTP answers a request whose path the base URL was stripped from.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	switch {
	case path == "" || path == "/":
		s.method(greet, http.MethodGet)(w, r)
	case path == "/info":
		s.crossOrigin(s.method(s.info, http.MethodGet), http.MethodGet)(w, r)
	case iframePath.MatchString(path):
		s.method(s.iframe, http.MethodGet)(w, r)
	case path == "/websocket" && !s.config.NoWebSocket:
		s.rawWebSocket(w, r)
	default:
		session, name, ok := sessionPath(path)
		if !ok {
			notFound(w)
			return
		}
		s.serveTransport(w, r, session, name)
	}
}

// serveTransport answers a session URL.
func (s *Service) serveTransport(w http.ResponseWriter, r *http.Request, session, name string) {
	h := w.Header()
	if s.config.Cookie {
		setCookie(h, r)
	}
	switch name {
	case "xhr_send":
		s.crossOrigin(s.method(s.sender(session, xhrSend{}), http.MethodPost), http.MethodPost)(w, r)
	case "jsonp_send":
		s.method(s.sender(session, jsonpSend{}), http.MethodPost)(w, r)
	case "websocket":
		if s.config.NoWebSocket {
			h.Del("Set-Cookie")
			notFound(w)
			return
		}
		s.webSocket(w, r)
	default:
		for _, t := range transports() {
			if t.name != name {
				continue
			}
			receive := s.method(func(w http.ResponseWriter, r *http.Request) { s.receive(w, r, t, session) }, t.method)
			if t.crossOrigin {
				receive = s.crossOrigin(receive, t.method)
			}
			receive(w, r)
			return
		}
		h.Del("Set-Cookie")
		notFound(w)
	}
}
