package reference

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Errors of the hub that callers tell apart.
var (
	ErrTerminated = errors.New("channel is terminated")
	ErrClosed     = errors.New("server is shutting down")
	ErrTooMany    = errors.New("too many subscribers")
)

// Hub is what channels are published to and subscribed from. Messages are in
// its log; the hub knows who subscribes, and which channels are over.
type Hub struct {
	log            Log
	record         *record
	now            func() time.Time
	maxSubscribers int
	maxTerminated  int
	ahead          uint64 // by how many messages a peer may be ahead

	rate      publishRate
	published atomic.Int64

	mu         sync.RWMutex // held for reading while publishing
	closed     bool
	total      int
	channels   map[string]map[*Subscription]struct{}
	terminated map[string]struct{}
	over       []string      // terminated channels, oldest first
	idle       chan struct{} // closed when closed and total is 0
}

func newHub(log Log, rec *record, c Config) *Hub {
	return &Hub{
		log: log, record: rec, now: c.Now, maxSubscribers: c.MaxSubscribers, maxTerminated: c.MaxChannels,
		ahead:    c.ahead(),
		rate:     publishRate{perSecond: float64(c.MaxPublishRate)},
		channels: make(map[string]map[*Subscription]struct{}), terminated: make(map[string]struct{}),
		idle: make(chan struct{}),
	}
}

// Publish appends a message to a channel and wakes its subscribers. body is of
// contentType as EncodeBody has it; dueUS is the planned time in Unix
// microseconds, or 0. Errors wrap ErrBody, ErrRate, ErrFull, ErrTerminated or
// ErrClosed.
func (h *Hub) Publish(channel, contentType string, body []byte, dueUS int64) (*Message, error) {
	data, binary, err := EncodeBody(contentType, body)
	if err != nil {
		return nil, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return nil, ErrClosed
	}
	if _, over := h.terminated[channel]; over {
		return nil, ErrTerminated
	}
	if !h.rate.take(time.Now()) {
		return nil, ErrRate
	}
	m, err := h.log.Append(channel, Message{DueUS: dueUS, Data: data, Binary: binary})
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	h.published.Add(1)
	h.record.add(channel, recordEvent{Kind: kindPublish, ID: m.ID, T: m.SentUS, Bytes: len(m.Data)})
	return m, nil
}

// Terminate ends a channel for good: its subscriptions get what there is and
// an end notice, later ones are refused. The last MaxChannels terminations are
// remembered.
func (h *Hub) Terminate(channel string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, over := h.terminated[channel]; !over {
		if len(h.over) >= h.maxTerminated {
			delete(h.terminated, h.over[0])
			h.over = h.over[1:]
		}
		h.terminated[channel] = struct{}{}
		h.over = append(h.over, channel)
	}
	for sub := range h.channels[channel] {
		sub.detach(ReasonTerminated)
	}
}

// Subscribers is how many subscriptions a channel has now.
func (h *Hub) Subscribers(channel string) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.channels[channel])
}

// Last is the id of a channel's newest message, or of the position before its
// first: who subscribes behind it misses nothing that comes later.
func (h *Hub) Last(channel string) string {
	_, _, newest := h.log.Range(channel, 0, 0)
	return formatID(h.log.Epoch(), newest)
}

// Position is the id of a channel's message number seq, from 1; 0 is the
// position before the first.
func (h *Hub) Position(seq uint64) string { return formatID(h.log.Epoch(), seq) }

// Terminated reports whether a channel is over.
func (h *Hub) Terminated(channel string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	_, over := h.terminated[channel]
	return over
}

// subscribe takes a subscription in, finds its position and wakes it from then
// on. leave must be called when it ended.
func (h *Hub) subscribe(sub *Subscription) (leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, over := h.terminated[sub.Channel]
	switch {
	case h.closed:
		return nil, ErrClosed
	case over:
		return nil, ErrTerminated
	case h.total >= h.maxSubscribers:
		return nil, ErrTooMany
	}
	subs := h.channels[sub.Channel]
	if subs == nil {
		subs = make(map[*Subscription]struct{})
		h.channels[sub.Channel] = subs
	}
	subs[sub] = struct{}{}
	h.total++

	// Nobody publishes while the hub is locked, so nothing comes between the
	// position and the first wake.
	if sub.wake == nil {
		sub.wake = make(chan struct{}, 1)
	}
	sub.queue.policy = sub.Params.Slow
	if sub.class == Poll || sub.class == Held {
		sub.queue.policy = SlowWait // an answer takes all there is
	}
	sub.locate(sub.Params.After)
	cancel := h.log.Notify(sub.Channel, func(m *Message) {
		sub.queue.published(m)
		sub.rouse()
	})
	return func() {
		cancel()
		h.leave(sub)
	}, nil
}

func (h *Hub) leave(sub *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	subs := h.channels[sub.Channel]
	delete(subs, sub)
	if len(subs) == 0 {
		delete(h.channels, sub.Channel)
	}
	h.total--
	if h.closed && h.total == 0 {
		close(h.idle)
	}
}

// close refuses what comes from now on and ends every subscription with reason
// shutdown. The channel it returns is closed when the last one has ended.
func (h *Hub) close() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		if h.total == 0 {
			close(h.idle)
		}
		for _, subs := range h.channels {
			for sub := range subs {
				sub.detach(ReasonShutdown)
			}
		}
	}
	return h.idle
}

// count returns the number of subscriptions, and of channels that have one.
func (h *Hub) count() (subscribers, channels int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.total, len(h.channels)
}

func (h *Hub) nowUS() int64 { return h.now().UnixMicro() }
