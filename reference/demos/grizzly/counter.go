package grizzly

import (
	_ "embed"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed page.html
var page string

// state is the payload. Coalesced is how many increments, besides this one,
// the client had not seen: each answer tells the state, not what led to it.
type state struct {
	Counter   int `json:"counter"`
	Coalesced int `json:"coalesced"`
}

// counter is a number that anybody may increment: one for each room.
type counter struct {
	held, streaming *Context

	order sync.Mutex // held while one increment notifies: handlers never see an older state behind a newer one

	mu sync.Mutex
	n  int
}

// maxRooms bounds the counters. When there are more, those that nobody waits
// for begin again.
const maxRooms = 1000

// counters are the demo.
type counters struct {
	engine *Engine

	mu    sync.Mutex
	rooms map[string]*counter
}

// New makes the demo.
func New(s *stage.Stage) (http.Handler, error) {
	cs := &counters{engine: NewEngine(s), rooms: make(map[string]*counter)}
	frame, err := s.Page(page, func(r *http.Request) any {
		n := 0
		if c, err := cs.of(r); err == nil {
			n = c.now()
		}
		return map[string]any{"counter": n, "room": r.URL.Query().Get("room"), "retry": s.Time(time.Second).Milliseconds()}
	})
	if err != nil {
		return nil, err
	}
	held := Style{reference.Held, func() reference.Framer { return &headerFramer{} }}
	streaming := Style{reference.Stream, func() reference.Framer { return scriptFramer{} }}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	mux.Handle(s.Path+"long_polling", cs.serve(held, func(c *counter) *Context { return c.held }))
	mux.Handle(s.Path+"streaming", cs.serve(streaming, func(c *counter) *Context { return c.streaming }))
	return mux, nil
}

// of is the counter of a request's room.
func (cs *counters) of(r *http.Request) (*counter, error) {
	room, err := stage.Room(r)
	if err != nil {
		return nil, err
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.rooms[room]; c != nil {
		return c, nil
	}
	if len(cs.rooms) >= maxRooms {
		maps.DeleteFunc(cs.rooms, func(name string, c *counter) bool {
			idle := c.held.Suspended()+c.streaming.Suspended() == 0
			if idle {
				cs.engine.Forget("long_polling/" + name)
				cs.engine.Forget("streaming/" + name)
			}
			return idle
		})
	}
	if len(cs.rooms) >= maxRooms {
		return nil, errRooms
	}
	c := &counter{held: cs.engine.Register("long_polling/" + room), streaming: cs.engine.Register("streaming/" + room)}
	c.held.ExpirationDelay, c.streaming.ExpirationDelay = 150*time.Second, 150*time.Second
	cs.rooms[room] = c
	return c, nil
}

var errRooms = errors.New("all rooms are taken, try again later")

// serve suspends a GET and increments at a POST.
func (cs *counters) serve(style Style, topic func(*counter) *Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !stage.Allow(w, r, http.MethodGet, http.MethodPost) {
			return
		}
		c, err := cs.of(r)
		if err != nil {
			stage.Fail(w, map[bool]int{true: http.StatusBadRequest, false: http.StatusServiceUnavailable}[errors.Is(err, stage.ErrRoom)], err.Error())
			return
		}
		if r.Method == http.MethodPost {
			c.increment(w)
			return
		}
		h := &watcher{counter: c, style: style, seen: -1}
		if seen := r.URL.Query().Get("seen"); seen != "" {
			n, err := strconv.Atoi(seen)
			if err != nil || n < 0 {
				stage.Fail(w, http.StatusBadRequest, "seen: want a count")
				return
			}
			h.seen = n
		}
		topic(c).AddHandler(w, r, style, h)
	})
}

// increment counts, notifies both halves and answers.
func (c *counter) increment(w http.ResponseWriter) {
	c.order.Lock()
	defer c.order.Unlock()
	c.mu.Lock()
	c.n++
	n := c.n
	c.mu.Unlock()
	c.held.Notify(n)
	c.streaming.Notify(n)
	f := headerFramer{payload: encode(state{Counter: n})}
	for name, values := range f.Head().Header {
		w.Header()[name] = values
	}
	_, _ = w.Write(f.Open(nil, reference.Control{})) // the client may be gone
}

func (c *counter) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// watcher is the handler of one response.
type watcher struct {
	counter *counter
	style   Style
	seen    int // the last state its client knows; -1 when it did not say
}

// OnEvent implements Handler: a held response is resumed by the first event
// that tells a state, a streaming one goes on.
func (h *watcher) OnEvent(e Event, r *Response) {
	switch {
	case e.Type == Notify:
		h.tell(r, e.Attachment.(int), 1)
	case e.Type == Interrupt && !e.Gone:
		h.tell(r, h.counter.now(), 0)
	}
}

// tell writes the state n, of which the client is told news increments.
func (h *watcher) tell(r *Response, n, news int) {
	s := state{Counter: n}
	if h.seen >= 0 {
		s.Coalesced = max(0, n-h.seen-news)
	}
	h.seen = max(n, h.seen)
	_ = r.Write(encode(s)) // a server that shuts down ends the response anyway
	if h.style.Class == reference.Held {
		r.Resume()
	}
}

func encode(s state) []byte {
	b, _ := json.Marshal(s) // two numbers always can be
	return b
}
