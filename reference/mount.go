package reference

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

var errOwned = errors.New("the channel belongs to an application that is mounted below this path")

// Mount adds an application below a path, which starts and ends in "/"; the
// path without its last "/" leads there as well. The channels whose names
// start with the path are the application's: nobody else publishes to them or
// subscribes. Mount is called before the server serves. The error says what is
// wrong with the path.
func (s *Server) Mount(path string, application http.Handler) error {
	switch {
	case len(path) < 3 || path[0] != '/' || !strings.HasSuffix(path, "/"):
		return fmt.Errorf("mount %.40q: want a path that starts and ends in /", path)
	case s.mounted[path] != nil || s.cfg.Extra[path] != nil:
		return fmt.Errorf("mount %s: the path is taken", path)
	}
	s.mounted[path] = application
	return nil
}

// mountedAt is the longest path of an application that path leads to, "" when
// none does. It serves for names of channels as well.
func (s *Server) mountedAt(path string) string {
	best := ""
	for p := range s.mounted {
		if (strings.HasPrefix(path, p) || path == p[:len(p)-1]) && len(p) > len(best) {
			best = p
		}
	}
	return best
}

// Carry answers a request of an application's client with a subscription on
// the server's engine: sub, from [NewSubscription], is served as class, which
// is not Socket, in the words of f. The rest of the request's body is read and
// discarded. An error says why there was no subscription, and was answered
// already; sub.OnEnd is not called then. Like [Engine.Attach], Carry may
// return before the subscription ends.
func (s *Server) Carry(w http.ResponseWriter, r *http.Request, class Class, sub *Subscription, f Framer) error {
	sub.Conn, sub.hub, sub.class = connNumber(r), s.hub, class
	sub.peer = newPeer(r, sub.Technique, sub.Params.Nonce)
	sub.Number = s.record.number(sub.Channel)
	err := s.carry(w, r, sub, f)
	if err != nil {
		s.refuse(w, sub, err)
	}
	return err
}

func (s *Server) carry(w http.ResponseWriter, r *http.Request, sub *Subscription, f Framer) error {
	body, err := s.readBody(w, r, io.Discard)
	if err != nil {
		return err
	}
	sub.RequestBytes = body
	leave, err := s.hub.subscribe(sub)
	switch {
	case errors.Is(err, ErrTerminated):
		return refuse(http.StatusGone, err)
	case err != nil:
		w.Header().Set("Retry-After", "1")
		return refuse(http.StatusServiceUnavailable, err)
	}
	defer leave()
	s.cfg.Engine.Attach(w, r, sub, f)
	return nil
}

// Detach ends a subscription that Carry serves, with a reason of WIRE.md. A
// held poll is answered with what there is. It does not wait.
func (s *Server) Detach(sub *Subscription, reason string) { s.cfg.Engine.Detach(sub, reason) }

// Draining is closed when the server begins to shut down.
func (s *Server) Draining() <-chan struct{} { return s.draining }
