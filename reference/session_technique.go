package reference

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// SessionTechnique is a technique of which one subscription is a session of
// many requests, in the words of a protocol of its own. /t/NAME and every path
// below it are its; each request says the channel and the options, as other
// techniques' do.
type SessionTechnique interface {
	Technique
	// Words are the keys of the query that are the protocol's own and no
	// options.
	Words() []string
	// ServeSession answers one request. sub is of this request alone: what the
	// request does to the channel is written down by it. An error is answered
	// as that of Frame is.
	ServeSession(s *Server, w http.ResponseWriter, r *http.Request, sub *Subscription) error
}

var errNoFramer = errors.New("its answers are those of a session")

// techniqueAt finds the technique of a path below /t/.
func (s *Server) techniqueAt(path string) (Technique, bool) {
	if t, ok := s.techniques[path]; ok {
		return t, true
	}
	name, _, _ := strings.Cut(path, "/")
	t, ok := s.techniques[name].(SessionTechnique)
	return t, ok
}

// namesOrigins reports whether a path answers pages of other origins in its own
// way: a session needs cookies, and those need the origin's name.
func (s *Server) namesOrigins(path string) bool {
	below, ok := strings.CutPrefix(path, "/t/")
	if !ok {
		return isBayeux(path)
	}
	t, _ := s.techniqueAt(below)
	_, ok = t.(SessionTechnique)
	return ok
}

// session serves one request of a session, or returns a refusal before
// anything was answered.
func (s *Server) session(w http.ResponseWriter, r *http.Request, t SessionTechnique, sub *Subscription, q url.Values) error {
	if r.Method != http.MethodOptions || r.Header.Get("Origin") == "" { // a preflight is the protocol's
		if err := allowedMethod(w, r, t); err != nil {
			return err
		}
	}
	for _, name := range t.Words() {
		q.Del(name)
	}
	params, err := ParseParams(q)
	if err != nil {
		return refuse(http.StatusBadRequest, err)
	}
	sub.Params = params
	if params.Status != 0 {
		return refuse(params.Status, errors.New("this status was asked for"))
	}
	if params.AccelOff {
		w.Header().Set("X-Accel-Buffering", "no")
	}
	return t.ServeSession(s, w, r, sub)
}
