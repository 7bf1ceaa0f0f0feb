// Package tabs shows what pages did when a browser gave a host two connections
// only, and do where it gives six: several tabs share one stream, or spread
// theirs over several names of one host.
//
// The tricks are the page's. By window.name a tab finds the leader among the
// windows that it was opened from, and is called by it; by cookie the tabs elect
// a leader, who holds a lease in one cookie and writes the news into another; by
// host names each tab connects to another name under localhost, which browsers
// resolve by themselves. Browsers of today do it better: a shared worker holds
// the stream of all tabs, or the tab that holds a lock does, and tells the others
// by a broadcast channel. Without a trick the seventh tab is not even
// loaded.
//
// The server counts the streams of a room, and says so every second.
package tabs

import (
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed page.html
var page string

//go:embed worker.js
var worker string

// maxRooms bounds the channels that news goes to.
const maxRooms = 1000

// tricks are what a page can be asked for.
var tricks = []string{"none", "name", "cookie", "hosts", "worker", "channel"}

// tabs counts the streams of each room.
type tabs struct {
	stage  *stage.Stage
	source reference.Technique // how the streams are framed

	mu    sync.Mutex
	rooms map[string]int // streams
	news  int
}

// New makes the demo.
func New(s *stage.Stage) (http.Handler, error) {
	all := reference.All()
	i := slices.IndexFunc(all, func(t reference.Technique) bool { return t.Name() == "eventsource" })
	t := &tabs{stage: s, source: all[i], rooms: make(map[string]int)}
	frame, err := s.Page(page, func(r *http.Request) any {
		room, _ := stage.Room(r) // a page of no such room is everybody's
		trick := r.URL.Query().Get("trick")
		if !slices.Contains(tricks, trick) {
			trick = tricks[0]
		}
		return map[string]any{"room": room, "trick": trick, "lease": s.Time(3 * time.Second).Milliseconds()}
	}, "http://*.localhost:*", "https://*.localhost:*")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	mux.HandleFunc(s.Path+"stream", t.stream)
	mux.HandleFunc(s.Path+"worker.js", serveWorker)
	s.Go(t.tell)
	return mux, nil
}

// serveWorker answers with the script of the shared worker.
func serveWorker(w http.ResponseWriter, r *http.Request) {
	if !stage.Allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, worker) // the visitor may be gone
}

// stream answers with the news of a room.
func (t *tabs) stream(w http.ResponseWriter, r *http.Request) {
	if !stage.Allow(w, r, http.MethodGet) {
		return
	}
	room, err := stage.Room(r)
	if err != nil {
		stage.Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	p := reference.DefaultParams()
	p.Heartbeat, p.RecycleAfter = t.stage.Time(p.Heartbeat), t.stage.Time(p.RecycleAfter)
	sub := reference.NewSubscription(t.stage.Channel("room", room), "tabs", p)
	f, err := t.source.Frame(r, sub)
	if err != nil {
		stage.Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	if !t.enter(room) {
		stage.Fail(w, http.StatusServiceUnavailable, fmt.Sprintf("more than %d rooms are in use", maxRooms))
		return
	}
	sub.OnEnd = func(reference.Ending) { t.leave(room) }
	if err := t.stage.Server.Carry(w, r, reference.Stream, sub, f); err != nil {
		t.leave(room)
	}
}

func (t *tabs) enter(room string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.rooms[room]; !known && len(t.rooms) >= maxRooms {
		return false
	}
	t.rooms[room]++
	return true
}

func (t *tabs) leave(room string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rooms[room]--; t.rooms[room] == 0 {
		delete(t.rooms, room)
	}
}

// tell tells every room once a second how many streams it has.
func (t *tabs) tell(stop <-chan struct{}) {
	clock := time.NewTicker(t.stage.Time(time.Second))
	defer clock.Stop()
	for {
		select {
		case <-clock.C:
		case <-stop:
			return
		}
		t.mu.Lock()
		t.news++
		for room, streams := range t.rooms {
			body := fmt.Appendf(nil, `{"news":%d,"streams":%d}`, t.news, streams)
			// A server that shuts down takes no more, and needs none.
			_, _ = t.stage.Server.Hub().Publish(t.stage.Channel("room", room), "application/json", body, 0)
		}
		t.mu.Unlock()
	}
}
