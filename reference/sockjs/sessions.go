package sockjs

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

var (
	errTooMany  = errors.New("too many sessions")
	errShutdown = errors.New("server is shutting down")
)

// sessions are those that a service holds.
type sessions struct {
	most int

	base context.Context // ends when a shutdown is over
	stop context.CancelFunc

	mu     sync.Mutex
	closed bool
	byID   map[string]*Session
	all    map[*Session]struct{} // and those of sockets
	tasks  sync.WaitGroup        // services at work, and sockets
}

func newSessions(most int) *sessions {
	l := &sessions{most: most, byID: make(map[string]*Session), all: make(map[*Session]struct{})}
	l.base, l.stop = context.WithCancel(context.Background())
	return l
}

// find returns the session of an id, nil when there is none.
func (l *sessions) find(id string) *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byID[id]
}

// open starts a session and its service. With an id it is found by it until it
// is forgotten, and one that is there already is returned; without, it belongs
// to a socket, which is counted as a task until leave is called.
func (l *sessions) open(id string, c *Config, r *http.Request) (s *Session, leave func(), err error) {
	if s := l.find(id); id != "" && s != nil {
		return s, nil, nil
	}
	terms, err := c.Accept(r)
	if err != nil {
		return nil, nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.byID[id]; id != "" && s != nil {
		return s, nil, nil
	}
	switch {
	case l.closed:
		return nil, nil, errShutdown
	case len(l.all) >= l.most:
		return nil, nil, errTooMany
	}
	if terms.Begin != nil {
		// Under the lock, so that nobody finds a session that has not begun.
		if err := terms.Begin(); err != nil {
			return nil, nil, err
		}
	}
	drop := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, s)
		if id != "" && l.byID[id] == s {
			delete(l.byID, id)
		}
	}
	if id != "" {
		s = newSession(l.base, terms.withDefaults(), c.Timeout, drop)
		l.byID[id] = s
	} else {
		s = newSession(l.base, terms.withDefaults(), 0, nil)
		l.tasks.Add(1)
		leave = func() { drop(); l.tasks.Done() }
	}
	l.all[s] = struct{}{}
	l.tasks.Go(s.serve)
	return s, leave, nil
}

// shutdown closes every session and waits for services and sockets; what is
// still there when ctx ends is cut.
func (l *sessions) shutdown(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	for s := range l.all {
		s.Close(CodeGoAway, reasonGoAway)
	}
	l.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.tasks.Wait()
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	l.stop()
	<-done
	return err
}

func (l *sessions) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}
