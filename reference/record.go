package reference

import (
	"container/list"
	"sync"
)

// Kinds of recorded events (WIRE.md, Events).
const (
	kindHeaders      = "headers"       // a subscribe request was accepted
	kindWrite        = "write"         // a message was handed to the kernel
	kindHeartbeat    = "heartbeat"     // a heartbeat was
	kindGap          = "gap"           // a gap notice was
	kindEnd          = "end"           // an answer ended; note is the reason, or "answered" for a poll
	kindError        = "error"         // a subscribe request was refused
	kindAbortNoticed = "abort-noticed" // the peer is gone
	kindPublish      = "publish"       // the hub accepted a message
	kindMessage      = "message"       // something came up from the client: a frame of a socket, a piece of a request's body
)

// recordEvent is one line of the origin's record. The fields are named as in a
// timeline.
type recordEvent struct {
	Side   string `json:"side"`
	Kind   string `json:"kind"`
	ID     string `json:"id,omitempty"`
	T      int64  `json:"t_us"` // Unix microseconds
	Bytes  int    `json:"bytes,omitempty"`
	Conn   int    `json:"conn,omitempty"`
	Note   string `json:"note,omitempty"`
	Status int    `json:"status,omitempty"`
	HTTP   string `json:"http,omitempty"`
	Method string `json:"method,omitempty"`
	Sub    int    `json:"sub,omitempty"`
	Fields string `json:"fields,omitempty"` // names of the request's header fields, sorted and comma-separated, if it asked for it
	Sum    string `json:"sum,omitempty"`    // of a socket's frame
}

// recordBounds are the bounds of a record.
type recordBounds struct {
	channels int // the least recently used go first
	events   int // per channel; more are only counted
	total    int // events in all; the least recently used channels make room
}

var defaultRecordBounds = recordBounds{channels: 4096, events: 20_000, total: 1_000_000}

// record keeps what the origin did, per channel. A nil record keeps nothing.
type record struct {
	bounds recordBounds

	mu       sync.Mutex
	channels map[string]*recordChannel
	recent   list.List // of *recordChannel, most recently used first
	total    int
}

type recordChannel struct {
	name    string
	place   *list.Element
	events  []recordEvent
	dropped int
	subs    int           // subscribe requests so far
	news    chan struct{} // closed at the next event; nil when nobody waits
}

func newRecord(b recordBounds) *record {
	return &record{bounds: b, channels: make(map[string]*recordChannel)}
}

// add appends an event to a channel.
func (r *record) add(channel string, e recordEvent) {
	if r == nil {
		return
	}
	e.Side = "origin"
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.channel(channel)
	if len(c.events) >= r.bounds.events {
		c.dropped++
		return
	}
	c.events = append(c.events, e)
	r.total++
	r.makeRoom()
	if c.news != nil {
		close(c.news)
		c.news = nil
	}
}

// number counts a subscribe request on a channel.
func (r *record) number(channel string) int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.channel(channel)
	c.subs++
	return c.subs
}

// since returns a copy of the events from an index on, how many more did not
// fit, and a channel that is closed at the next event.
func (r *record) since(channel string, index int) (events []recordEvent, dropped int, news <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.channel(channel)
	if c.news == nil {
		c.news = make(chan struct{})
	}
	if index < len(c.events) {
		events = append(events, c.events[index:]...)
	}
	return events, c.dropped, c.news
}

func (r *record) channel(name string) *recordChannel {
	c := r.channels[name]
	if c != nil {
		r.recent.MoveToFront(c.place)
		return c
	}
	c = &recordChannel{name: name}
	c.place = r.recent.PushFront(c)
	r.channels[name] = c
	r.makeRoom()
	return c
}

// makeRoom forgets the channels that were used least recently, but never the
// one in use.
func (r *record) makeRoom() {
	for (len(r.channels) > r.bounds.channels || r.total > r.bounds.total) && r.recent.Len() > 1 {
		e := r.recent.Back()
		c := e.Value.(*recordChannel)
		r.recent.Remove(e)
		delete(r.channels, c.name)
		r.total -= len(c.events)
		if c.news != nil {
			close(c.news) // whoever waits looks again
		}
	}
}
