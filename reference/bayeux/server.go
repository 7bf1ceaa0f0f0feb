package bayeux

import (
	"crypto/rand"
	"strings"
	"sync"
)

// Server holds the sessions and knows who listens to what. Its zero value is
// of no use; New makes one.
type Server struct {
	cfg   Config
	tasks sync.WaitGroup // sockets

	mu       sync.RWMutex // never taken while a session's lock is held
	closed   bool
	sessions map[string]*session
	patterns map[string]map[*session]struct{}
	browsers map[string]map[*session]int // connects held, by cookie
	sockets  map[*socket]struct{}
}

// New makes a server. It fails on a Config that contradicts itself.
func New(c Config) (*Server, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Server{
		cfg: c, sessions: make(map[string]*session), patterns: make(map[string]map[*session]struct{}),
		browsers: make(map[string]map[*session]int), sockets: make(map[*socket]struct{}),
	}, nil
}

// Sessions is how many sessions there are, local ones included.
func (s *Server) Sessions() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.sessions)
}

// Close ends every session: held connects are answered with what there is and
// advice to come back, sockets close with 1001. It returns when the sockets
// are gone; requests belong to whoever serves them. Later requests are told
// that the server shuts down.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	all := make([]*session, 0, len(s.sessions))
	for _, ss := range s.sessions {
		all = append(all, ss)
	}
	for k := range s.sockets {
		k.stopStranger()
	}
	s.mu.Unlock()
	for _, ss := range all {
		s.remove(ss, endShutdown)
	}
	s.tasks.Wait()
}

// newSession makes a session and takes it in.
func (s *Server) newSession(prefix string) (*session, *Error) {
	ss := &session{server: s, id: prefix + rand.Text(), subscribed: make(map[string]*fed)} // 130 bits
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errShutdown
	case len(s.sessions) >= s.cfg.MaxSessions:
		return nil, errManySessions
	}
	s.sessions[ss.id] = ss
	return ss, nil
}

// session finds a session by its id; nil when there is none.
func (s *Server) session(id string) *session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[id]
}

// remove takes a session out and ends it. Only the first reason counts.
func (s *Server) remove(ss *session, why endReason) {
	s.mu.Lock()
	delete(s.sessions, ss.id)
	s.mu.Unlock()
	patterns := ss.end(why)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pattern := range patterns {
		s.dropPattern(pattern, ss)
	}
}

// listen puts a session down for a pattern.
func (s *Server) listen(pattern string, ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[ss.id] != ss {
		return // removed in the meantime
	}
	all := s.patterns[pattern]
	if all == nil {
		all = make(map[*session]struct{})
		s.patterns[pattern] = all
	}
	all[ss] = struct{}{}
}

func (s *Server) unlisten(pattern string, ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropPattern(pattern, ss)
}

func (s *Server) dropPattern(pattern string, ss *session) {
	delete(s.patterns[pattern], ss)
	if len(s.patterns[pattern]) == 0 {
		delete(s.patterns, pattern)
	}
}

// listeners are the sessions that a channel's messages go to, each once.
func (s *Server) listeners(channel string) map[*session]struct{} {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[*session]struct{})
	for _, pattern := range expand(channel) {
		for ss := range s.patterns[pattern] {
			out[ss] = struct{}{}
		}
	}
	return out
}

// distribute gives a delivery to all who listen. Messages of /service/ reach
// local clients only: they are between one client and the server.
func (s *Server) distribute(d *Delivery, from *session) {
	d.encode()
	service := isService(d.Channel)
	for ss := range s.listeners(d.Channel) {
		if ss == from && s.cfg.SilentPublisher || service && ss.local == nil {
			continue
		}
		ss.deliver(d)
	}
}

// fedChannel is the feed's name of a channel, "" when it is none of a feed's.
func (s *Server) fedChannel(channel string) string {
	if s.cfg.Feed == nil {
		return ""
	}
	name, ok := strings.CutPrefix(channel, s.cfg.FeedPrefix)
	if !ok {
		return ""
	}
	return name
}
