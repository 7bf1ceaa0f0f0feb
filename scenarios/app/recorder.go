package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// recorder keeps events of one gateway.
type recorder struct {
	mu     sync.Mutex
	events []measure.Event
	subs   int
}

// maxEvents bounds a record, but for how its exchanges end.
const maxEvents = 50_000

// full says that nothing more of an answer is written down but its end.
func (r *recorder) full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events) >= maxEvents
}

func (r *recorder) add(e measure.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) >= maxEvents && e.Kind != measure.End && e.Kind != measure.AbortNoticed {
		return
	}
	e.Side, e.Clock = measure.SideOrigin, "c1"
	r.events = append(r.events, e)
}

func (r *recorder) all() []measure.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]measure.Event(nil), r.events...)
}

// request notes that one came, and numbers it. lacks are headers of the
// client's that did not come with it.
func (r *recorder) request(req *http.Request, conn int, lacks []string) int {
	r.mu.Lock()
	r.subs++
	sub := r.subs
	r.mu.Unlock()
	note := ""
	if len(lacks) > 0 {
		note = "without " + strings.Join(lacks, ", ")
	}
	r.add(measure.Event{Note: note, Kind: measure.Headers, Sub: sub, Conn: conn, Method: req.Method, T: now(),
		HTTP: fmt.Sprintf("%d.%d", req.ProtoMajor, req.ProtoMinor)})
	return sub
}

// answered adds to a request what its answer says of itself.
func (r *recorder) answered(sub int, resp *http.Response) {
	r.mu.Lock()
	for i := range r.events {
		if e := &r.events[i]; e.Kind == measure.Headers && e.Sub == sub {
			e.Status, e.ContentType, e.Encoding = resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Content-Encoding")
		}
	}
	r.mu.Unlock()
	if resp.StatusCode >= 300 {
		note := "status " + resp.Status
		if to := resp.Header.Get("Location"); to != "" {
			note += " to " + to
		}
		r.add(measure.Event{Kind: measure.Failed, Sub: sub, Status: resp.StatusCode, T: now(), Note: strings.ToValidUTF8(note, "?")})
	}
}
