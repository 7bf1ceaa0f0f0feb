package reference

import (
	"container/list"
	"sync"
)

// memoryChannel is the window of one channel: a ring that grows up to the
// log's window.
type memoryChannel struct {
	name  string
	place *list.Element // guarded by the log's lock

	mu       sync.Mutex
	gone     bool       // given up: whoever still holds it must look again
	ring     []*Message // oldest at start
	start    int
	newest   uint64
	watchers []*watcher
}

// watcher is one call of Notify. It knows its place in the slice: fan-out
// walks a slice, which is much faster than a map, and leaving is one swap.
type watcher struct {
	wake func(*Message)
	at   int
}

func (c *memoryChannel) append(l *MemoryLog, m Message) (*Message, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return nil, false
	}
	c.newest++
	m.Channel, m.Seq, m.ID, m.SentUS = c.name, c.newest, formatID(l.epoch, c.newest), l.now().UnixMicro()
	m.encode()
	held := l.bytes.Add(int64(len(m.line)))
	if len(c.ring) == l.window {
		held -= c.replace(l, &m)
	} else {
		c.straighten()
		c.ring = append(c.ring, &m)
	}
	for held > l.maxBytes && len(c.ring) > 1 {
		held -= c.shrink(l)
	}
	for _, w := range c.watchers {
		w.wake(&m)
	}
	return &m, true
}

// replace puts m in the place of the oldest message and returns the bytes
// freed.
func (c *memoryChannel) replace(l *MemoryLog, m *Message) int64 {
	freed := int64(len(c.ring[c.start].line))
	c.ring[c.start] = m
	c.start = (c.start + 1) % len(c.ring)
	l.bytes.Add(-freed)
	return freed
}

// shrink forgets the oldest message and returns the bytes freed.
func (c *memoryChannel) shrink(l *MemoryLog) int64 {
	c.straighten()
	freed := int64(len(c.ring[0].line))
	c.ring[0] = nil
	c.ring = c.ring[1:]
	l.bytes.Add(-freed)
	return freed
}

// straighten puts the oldest message first.
func (c *memoryChannel) straighten() {
	if c.start == 0 {
		return
	}
	ring := make([]*Message, 0, len(c.ring)+1)
	ring = append(ring, c.ring[c.start:]...)
	c.ring, c.start = append(ring, c.ring[:c.start]...), 0
}

func (c *memoryChannel) after(seq uint64, limit int) (msgs []*Message, oldest, newest uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	oldest, newest = c.newest-uint64(len(c.ring))+1, c.newest
	first := max(seq+1, oldest)
	if first > newest || limit <= 0 {
		return nil, oldest, newest
	}
	n := min(newest-first+1, uint64(limit))
	msgs = make([]*Message, n)
	for i := range msgs {
		msgs[i] = c.ring[(c.start+int(first-oldest)+i)%len(c.ring)]
	}
	return msgs, oldest, newest
}

func (c *memoryChannel) watch(w *watcher) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false
	}
	w.at = len(c.watchers)
	c.watchers = append(c.watchers, w)
	return true
}

// unwatch returns when w is not running and will not run again.
func (c *memoryChannel) unwatch(w *watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.at < 0 {
		return
	}
	last := len(c.watchers) - 1
	c.watchers[w.at] = c.watchers[last]
	c.watchers[w.at].at = w.at
	c.watchers[last] = nil
	c.watchers = c.watchers[:last]
	w.at = -1
}

// close gives the channel up unless somebody watches it.
func (c *memoryChannel) close(l *MemoryLog) (newest uint64, ok bool) {
	if !c.mu.TryLock() { // in use, so not idle; waiting would hold up the whole log
		return 0, false
	}
	defer c.mu.Unlock()
	if len(c.watchers) > 0 {
		return 0, false
	}
	c.gone = true
	for _, m := range c.ring {
		l.bytes.Add(-int64(len(m.line)))
	}
	c.ring = nil
	return c.newest, true
}
