package grizzly

import (
	_ "embed"
	"encoding/json"
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

// counter is the demo: a number that anybody may increment.
type counter struct {
	held, streaming *Context

	order sync.Mutex // held while one increment notifies: handlers never see an older state behind a newer one

	mu sync.Mutex
	n  int
}

// New makes the demo.
func New(s *stage.Stage) (http.Handler, error) {
	engine := NewEngine(s)
	c := &counter{held: engine.Register("long_polling"), streaming: engine.Register("streaming")}
	c.held.ExpirationDelay, c.streaming.ExpirationDelay = 150*time.Second, 150*time.Second
	frame, err := s.Page(page, func(*http.Request) any {
		return map[string]any{"counter": c.now(), "retry": s.Time(time.Second).Milliseconds()}
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	mux.Handle(s.Path+"long_polling", c.serve(c.held, Style{reference.Held, func() reference.Framer { return &headerFramer{} }}))
	mux.Handle(s.Path+"streaming", c.serve(c.streaming, Style{reference.Stream, func() reference.Framer { return scriptFramer{} }}))
	return mux, nil
}

// serve suspends a GET and increments at a POST.
func (c *counter) serve(topic *Context, style Style) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !stage.Allow(w, r, http.MethodGet, http.MethodPost) {
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
		topic.AddHandler(w, r, style, h)
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
