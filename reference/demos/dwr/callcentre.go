package dwr

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed page.html
var page string

const (
	centrePage = "callcentre"
	ringEvery  = 3 * time.Second
	mostCalls  = 6
	maxNotes   = 2000 // bytes
)

// caller is a row of the table.
type caller struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Number  string `json:"number"`
	Notes   string `json:"notes"`
	Handler string `json:"handler"` // session that handles it; "" while it waits
}

// centre is what the pages of a room share: calls come in, agents handle them,
// and every page sees the same table. A centre that nobody looks at is gone.
type centre struct {
	page     string // that its sessions are found by
	sessions *Sessions

	mu      sync.Mutex
	last    int
	callers map[int]*caller
}

// centres are the demo.
type centres struct {
	sessions *Sessions

	mu     sync.Mutex
	byPage map[string]*centre
}

// names are who calls, in turn.
var names = []string{"Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia", "Alan", "Frances"}

// New makes the demo.
func New(s *stage.Stage) (http.Handler, error) {
	cs := &centres{sessions: NewSessions(s), byPage: make(map[string]*centre)}
	frame, err := s.Page(page, func(r *http.Request) any {
		q := r.URL.Query()
		room, _ := stage.Room(r) // a page of no such room is everybody's
		return map[string]any{
			"mode": cmp.Or(q.Get("mode"), string(Comet)), "maxWaitAfterWrite": q.Get("maxWaitAfterWrite"), "page": centrePage + room,
			"retry": s.Time(time.Second).Milliseconds(), "quiet": s.Time(25 * time.Second).Milliseconds(),
		}
	})
	if err != nil {
		return nil, err
	}
	v := &Servlet{stage: s, sessions: cs.sessions, loaded: cs.loaded, remotes: map[string]Remote{
		"CallCentre.handle": cs.at((*centre).handle), "CallCentre.save": cs.at((*centre).save),
		"CallCentre.complete": cs.at((*centre).complete), "CallCentre.refresh": cs.at((*centre).refresh),
	}}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	mux.HandleFunc(s.Path+"call/plainpoll/ReverseAjax.dwr", v.Poll)
	mux.HandleFunc(s.Path+"call/plaincall/{name}", v.Call)
	s.Go(func(stop <-chan struct{}) {
		ring := time.NewTicker(s.Time(ringEvery))
		defer ring.Stop()
		for {
			select {
			case <-ring.C:
				cs.ring()
			case <-stop:
				return
			}
		}
	})
	return mux, nil
}

// of is the centre of a session's page.
func (cs *centres) of(s *Session) *centre {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.byPage[s.Page]
	if c == nil {
		c = &centre{page: s.Page, sessions: cs.sessions, callers: make(map[int]*caller)}
		cs.byPage[s.Page] = c
	}
	return c
}

// at has the centre of the caller's page answer.
func (cs *centres) at(method func(*centre, *Session, []json.RawMessage) (any, error)) Remote {
	return func(s *Session, args []json.RawMessage) (any, error) { return method(cs.of(s), s, args) }
}

func (cs *centres) loaded(s *Session) { cs.of(s).loaded(s) }

// ring rings in every centre.
func (cs *centres) ring() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for page, c := range cs.byPage {
		if !c.ring() {
			delete(cs.byPage, page)
		}
	}
}

// loaded shows a new page the table.
func (c *centre) loaded(s *Session) {
	s.Join("agents")
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = s.Call("updateCallers", c.rows()) // a server that shuts down
}

// ring lets somebody call, while too few wait. It reports whether anybody is
// there to answer.
func (c *centre) ring() bool {
	agents := c.sessions.OfPage(c.page)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free(agents)
	if len(agents) == 0 || len(c.callers) >= mostCalls {
		return len(agents) > 0
	}
	c.last++
	c.callers[c.last] = &caller{ID: c.last, Name: names[c.last%len(names)], Number: fmt.Sprintf("555-%04d", c.last)}
	c.update(agents)
	return true
}

// free gives the calls back whose handler has left its page.
func (c *centre) free(agents []*Session) {
	changed := false
	for _, row := range c.callers {
		if row.Handler != "" && !slices.ContainsFunc(agents, func(s *Session) bool { return s.ID == row.Handler }) {
			row.Handler, changed = "", true
		}
	}
	if changed {
		c.update(agents)
	}
}

// update shows the table to everybody.
func (c *centre) update(agents []*Session) {
	rows := c.rows()
	for _, s := range agents {
		_ = s.Call("updateCallers", rows)
	}
}

// rows are the callers in the order in which they called. Whose session
// handles one is nobody else's business: a page is told that it is another.
func (c *centre) rows() []caller {
	var rows []caller
	for _, id := range slices.Sorted(maps.Keys(c.callers)) {
		row := *c.callers[id]
		if row.Handler != "" {
			row.Handler = "taken"
		}
		rows = append(rows, row)
	}
	return rows
}

// Errors that an agent is shown.
var (
	errHungUp = errors.New("the caller has hung up")
	errTaken  = errors.New("another agent handles this call")
)

// handle takes a call: the buttons of the other pages are disabled.
func (c *centre) handle(s *Session, args []json.RawMessage) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, err := c.caller(s, args)
	if err != nil {
		return nil, err
	}
	row.Handler = s.ID
	s.Join("call-" + strconv.Itoa(row.ID))
	for _, other := range c.sessions.OfPage(c.page) {
		_ = other.Call("setDisabled", "handle-"+strconv.Itoa(row.ID), true)
	}
	return row.Name, nil
}

// save keeps what the agent wrote down, for all to see.
func (c *centre) save(s *Session, args []json.RawMessage) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, err := c.caller(s, args)
	if err != nil {
		return nil, err
	}
	var notes string
	if len(args) < 2 || json.Unmarshal(args[1], &notes) != nil || len(notes) > maxNotes || !utf8.ValidString(notes) {
		return nil, fmt.Errorf("notes: want at most %d bytes of text", maxNotes)
	}
	row.Notes = notes
	c.update(c.sessions.OfPage(c.page))
	return true, nil
}

// complete ends a call: its row fades on every page, and is gone.
func (c *centre) complete(s *Session, args []json.RawMessage) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, err := c.caller(s, args)
	if err != nil {
		return nil, err
	}
	delete(c.callers, row.ID)
	s.Leave("call-" + strconv.Itoa(row.ID))
	agents := c.sessions.OfPage(c.page)
	for _, agent := range agents {
		_ = agent.Call("fade", "row-"+strconv.Itoa(row.ID))
	}
	c.update(agents)
	return true, nil
}

// refresh does nothing: with Piggyback any call brings what waits.
func (c *centre) refresh(*Session, []json.RawMessage) (any, error) { return true, nil }

// caller finds the caller that the first argument names, if s may handle it.
func (c *centre) caller(s *Session, args []json.RawMessage) (*caller, error) {
	var id int
	if len(args) == 0 || json.Unmarshal(args[0], &id) != nil {
		return nil, errors.New("want the number of a call")
	}
	row := c.callers[id]
	switch {
	case row == nil:
		return nil, errHungUp
	case row.Handler != "" && row.Handler != s.ID:
		return nil, errTaken
	}
	return row, nil
}
