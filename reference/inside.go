package reference

import (
	"net/http"
	"strings"
)

// Inside serves /publish and /record to the program that this server is part
// of. It asks for no token and answers any version of HTTP, and what it is
// asked takes no worker's slot.
func (s *Server) Inside() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/publish":
			s.servePublish(w, r)
		case strings.HasPrefix(r.URL.Path, "/record/"):
			s.serveRecord(w, r)
		default:
			fail(w, http.StatusNotFound, "want /publish or /record/CHANNEL")
		}
	})
}
