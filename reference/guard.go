package reference

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// guard serves next to those who may publish and read records: requests from
// loopback unless a token is needed, and requests with the token.
func (s *Server) guard(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	if !s.allowed(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="cometbench"`)
		fail(w, http.StatusUnauthorized, "want the token that the server was started with: Authorization: Bearer TOKEN, or token=TOKEN")
		return
	}
	next(w, r)
}

func (s *Server) allowed(r *http.Request) bool {
	if !s.cfg.NeedToken && fromLoopback(r) {
		return true
	}
	if s.cfg.Token == "" {
		return false
	}
	given := r.URL.Query().Get("token")
	if scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		given = strings.TrimSpace(value)
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(s.cfg.Token)) == 1
}

// fromLoopback reports whether the connection comes from this machine. An
// address that is not an IP address (a pipe, a Unix socket) does.
func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
