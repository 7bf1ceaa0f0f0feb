package dwr

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

// maxSessions bounds the pages that are known at once.
const maxSessions = 10_000

// Sessions are the script sessions of a server: the pages that are open.
type Sessions struct {
	stage *stage.Stage

	mu   sync.Mutex
	byID map[string]*Session
	all  []*Session // in the order in which they were opened
}

// NewSessions is empty.
func NewSessions(s *stage.Stage) *Sessions {
	return &Sessions{stage: s, byID: make(map[string]*Session)}
}

// Open makes the session of a page that was loaded.
func (m *Sessions) Open(page string, c Config) (*Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.all) >= maxSessions {
		return nil, fmt.Errorf("more than %d pages are open", maxSessions)
	}
	s := &Session{ID: stage.NewID(), Page: page, Config: c, sessions: m}
	s.channel = m.stage.Channel("session", s.ID)
	s.silence = time.AfterFunc(m.stage.Time(c.silence()), s.Close)
	m.byID[s.ID] = s
	m.all = append(m.all, s)
	return s, nil
}

// Session finds a session; nil when its page was left.
func (m *Sessions) Session(id string) *Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byID[id]
}

// OfPage are the sessions of a page.
func (m *Sessions) OfPage(page string) []*Session {
	return m.where(func(s *Session) bool { return s.Page == page })
}

// OfGroup are the sessions that joined a group.
func (m *Sessions) OfGroup(group string) []*Session {
	return m.where(func(s *Session) bool { return slices.Contains(s.groups, group) })
}

func (m *Sessions) where(is func(*Session) bool) []*Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []*Session
	for _, s := range m.all {
		if is(s) {
			out = append(out, s)
		}
	}
	return out
}

// Session is one page in one browser.
type Session struct {
	ID     string
	Page   string
	Config Config

	sessions *Sessions
	channel  string

	// Under the mutex of sessions.
	groups  []string
	open    int // requests that are held now
	closed  bool
	silence *time.Timer
}

// Join puts the session into a group, besides those that it is in.
func (s *Session) Join(group string) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	if !slices.Contains(s.groups, group) {
		s.groups = append(s.groups, group)
	}
}

// Leave takes it out of a group.
func (s *Session) Leave(group string) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.groups = slices.DeleteFunc(s.groups, func(g string) bool { return g == group })
}

// Call calls a function of the page, when the page can be reached. The
// arguments are anything that JSON has. The error says that they are not, or
// that the server takes no more messages.
func (s *Session) Call(function string, args ...any) error {
	if args == nil {
		args = []any{}
	}
	data, err := json.Marshal(call{function, args})
	if err == nil {
		_, err = s.sessions.stage.Server.Hub().Publish(s.channel, "application/json", data, 0)
	}
	if err != nil {
		return fmt.Errorf("call %s: %w", function, err)
	}
	return nil
}

// call is a message of a session's channel.
type call struct {
	Function string `json:"function"`
	Args     []any  `json:"args"`
}

// enter says that a request of the page has come.
func (s *Session) enter() {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.open++
	s.silence.Stop()
}

// leave says that it was answered, or broke off.
func (s *Session) leave() {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	if s.open--; s.open == 0 && !s.closed {
		s.silence.Reset(s.sessions.stage.Time(s.Config.silence()))
	}
}

// Close forgets the session: its page was left.
func (s *Session) Close() {
	m := s.sessions
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.silence.Stop()
	delete(m.byID, s.ID)
	m.all = slices.DeleteFunc(m.all, func(o *Session) bool { return o == s })
}
