package bayeux

import (
	"encoding/json"
	"sync"
	"sync/atomic"
)

// fed is a session's subscription to a channel of the feed.
type fed struct {
	channel string
	ready   atomic.Bool // there may be something to take

	mu      sync.Mutex
	source  Source
	stopped bool
}

// openFeed begins to follow a channel for a session.
func (ss *session) openFeed(channel, name, after string, o Observer) (*fed, error) {
	f := &fed{channel: channel}
	f.mu.Lock() // nothing is taken before there is a source
	defer f.mu.Unlock()
	source, err := ss.server.cfg.Feed.Open(name, after, o, func() {
		f.ready.Store(true)
		ss.rouse()
	})
	if err != nil {
		return nil, err
	}
	f.source = source
	f.ready.Store(true)
	return f, nil
}

// take returns what the source has, at most max.
func (f *fed) take(most int) (out []*Delivery, over bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return nil, false
	}
	items, over := f.source.Take(most)
	for _, it := range items {
		d := &Delivery{Channel: f.channel, Data: it.Data, feed: f}
		if it.ID != "" {
			id, _ := json.Marshal(it.ID) // a string
			d.ID = string(id)
		}
		d.encode()
		out = append(out, d)
	}
	if len(items) >= most && !over {
		f.ready.Store(true)
	}
	return out, over
}

func (f *fed) position() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.source.Position()
}

// sent tells the source that a delivery of its own went out.
func (f *fed) sent(d *Delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var id string
	if d.ID != "" {
		_ = json.Unmarshal([]byte(d.ID), &id) // as it was encoded above
	}
	f.source.Sent(Item{ID: id, Data: d.Data}, len(d.line))
}

func (f *fed) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.stopped {
		f.stopped = true
		f.source.Stop()
	}
}

// feedOver takes the subscription off when nothing follows any more.
func (ss *session) feedOver(f *fed) {
	f.stop()
	ss.mu.Lock()
	delete(ss.subscribed, f.channel)
	ss.mu.Unlock()
	if ss.endsWithFeed {
		ss.server.remove(ss, endFeed)
	}
}

// told tells the sources of deliveries that these went out.
func told(ds []*Delivery) {
	for _, d := range ds {
		if d.feed != nil {
			d.feed.sent(d)
		}
	}
}
