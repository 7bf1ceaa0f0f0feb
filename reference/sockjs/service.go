package sockjs

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Service is what stands at one base URL. It is an http.Handler for what is
// below that; strip the base off with [http.StripPrefix] or [At].
type Service struct {
	config   Config
	sessions *sessions
	page     iframePage
}

// New makes a service. It fails without Accept, and with a bound below zero.
func New(c Config) (*Service, error) {
	if c.Accept == nil {
		return nil, errors.New("sockjs service: no Accept")
	}
	if c.Timeout < 0 || c.MaxSessions < 0 || c.MaxBody < 0 {
		return nil, errors.New("sockjs service: a bound is negative")
	}
	c = c.withDefaults()
	return &Service{config: c, sessions: newSessions(c.MaxSessions), page: newIframePage(c.ClientURL)}, nil
}

// At returns a handler that takes base off the path of each request and leaves
// it to h; a path that is not below base is not found. http.StripPrefix would
// take an escaped slash for a slash.
func At(base string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), base)
		if !ok || rest != "" && rest[0] != '/' {
			notFound(w)
			return
		}
		below := r.Clone(r.Context())
		below.URL.RawPath = rest
		below.URL.Path = strings.TrimPrefix(r.URL.Path, base)
		h.ServeHTTP(w, below)
	})
}

// Sessions is how many there are: open ones, and closed ones that are
// remembered.
func (s *Service) Sessions() int { return s.sessions.count() }

// Shutdown closes every session, refuses new ones, and waits until all
// functions of Accept's terms and all sockets have ended; held requests are the
// HTTP server's to wait for. When ctx ends first, what is left is cut and the
// context's error returned.
func (s *Service) Shutdown(ctx context.Context) error { return s.sessions.shutdown(ctx) }

func (s *Service) receipt(w http.ResponseWriter, r *http.Request, transport string) Receipt {
	if s.config.Watch != nil {
		if to := s.config.Watch(w, r, transport); to != nil {
			return to
		}
	}
	return nobody{}
}

func greet(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", textType)
	const welcome = "Welcome to SockJS!\n"
	_, _ = w.Write([]byte(welcome)) // the peer may be gone
}

// Echo is a service that sends back what it gets.
func Echo(ctx context.Context, s *Session) {
	for {
		text, err := s.Receive(ctx)
		if err != nil {
			return
		}
		if s.Send(Message{Text: text}) != nil {
			return
		}
	}
}

// GoAway is a service that closes each session at once.
func GoAway(context.Context, *Session) {}
