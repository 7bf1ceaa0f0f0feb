package reference

import (
	"container/list"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFull says that the log cannot take another channel, because all it holds
// have subscribers.
var ErrFull = errors.New("log is full")

// MemoryLog keeps the last messages of each channel in memory. It is bounded
// three ways: messages per channel, channels, and bytes in all. A channel
// without subscribers that was used least recently is given up first; should
// it be used again, its numbers go on above every number given up so far, so
// that an old position is answered with a gap and never with silence.
type MemoryLog struct {
	epoch       string
	window      int
	maxChannels int
	maxBytes    int64
	now         func() time.Time

	bytes atomic.Int64 // encoded size of all messages held

	mu       sync.RWMutex // guards what follows; taken before a channel's lock
	channels map[string]*memoryChannel
	recent   list.List // of *memoryChannel, most recently used first
	floor    uint64    // highest number of any channel given up
}

// MemoryLogConfig bounds a MemoryLog.
type MemoryLogConfig struct {
	Epoch       string           // 1 to 32 letters and digits
	Window      int              // messages kept per channel; at least 1
	MaxChannels int              // channels kept; at least 1
	MaxBytes    int64            // bytes of encoded messages kept in all
	Now         func() time.Time // clock of sent times; nil is time.Now
}

// NewMemoryLog makes an empty log.
func NewMemoryLog(c MemoryLogConfig) *MemoryLog {
	l := &MemoryLog{
		epoch: c.Epoch, window: max(c.Window, 1), maxChannels: max(c.MaxChannels, 1), maxBytes: c.MaxBytes,
		now: c.Now, channels: make(map[string]*memoryChannel),
	}
	if l.now == nil {
		l.now = time.Now
	}
	return l
}

// Epoch implements Log.
func (l *MemoryLog) Epoch() string { return l.epoch }

// Channels is the number of channels held.
func (l *MemoryLog) Channels() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.channels)
}

// Append implements Log.
func (l *MemoryLog) Append(channel string, m Message) (*Message, error) {
	for {
		l.mu.Lock()
		l.makeRoom(channel, len(m.Data)+len(channel)+messageOverhead)
		c, err := l.channel(channel, false)
		l.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if out, ok := c.append(l, m); ok {
			return out, nil
		}
	}
}

// Range implements Log.
func (l *MemoryLog) Range(channel string, after uint64, limit int) (msgs []*Message, oldest, newest uint64) {
	l.mu.RLock()
	c := l.channels[channel]
	floor := l.floor
	l.mu.RUnlock()
	if c == nil {
		return nil, floor + 1, floor
	}
	return c.after(after, limit)
}

// Notify implements Log.
func (l *MemoryLog) Notify(channel string, wake func(*Message)) (cancel func()) {
	w := &watcher{wake: wake}
	for {
		l.mu.Lock()
		c, _ := l.channel(channel, true)
		l.mu.Unlock()
		if c.watch(w) {
			return func() { c.unwatch(w) }
		}
	}
}

// channel finds or makes a channel and marks it as used. It fails when there
// are too many, unless force is set: subscribers are bounded elsewhere.
func (l *MemoryLog) channel(name string, force bool) (*memoryChannel, error) {
	if c := l.channels[name]; c != nil {
		l.recent.MoveToFront(c.place)
		return c, nil
	}
	if len(l.channels) >= l.maxChannels && !l.giveUp("") && !force {
		return nil, ErrFull
	}
	c := &memoryChannel{name: name, newest: l.floor}
	c.place = l.recent.PushFront(c)
	l.channels[name] = c
	return c, nil
}

// messageOverhead is about what a message has around its data.
const messageOverhead = 96

// makeRoom gives up channels until n more bytes fit.
func (l *MemoryLog) makeRoom(keep string, n int) {
	for l.bytes.Load()+int64(n) > l.maxBytes && l.giveUp(keep) {
	}
}

// giveUp drops the least recently used channel that nobody watches.
func (l *MemoryLog) giveUp(keep string) bool {
	// Watched channels sit in between; looking past a few hundred of them on
	// every append would make a full log slow.
	e := l.recent.Back()
	for range 256 {
		if e == nil {
			return false
		}
		c := e.Value.(*memoryChannel)
		if c.name != keep {
			if newest, ok := c.close(l); ok {
				l.floor = max(l.floor, newest)
				l.recent.Remove(e)
				delete(l.channels, c.name)
				return true
			}
		}
		e = e.Prev()
	}
	return false
}
