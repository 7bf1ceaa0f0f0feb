package bayeux

import (
	"sync"
	"sync/atomic"
	"time"
)

// endReason is why a session is over.
type endReason int

const (
	alive         endReason = iota
	endDisconnect           // the client asked for it
	endExpired              // it did not connect for too long
	endOverflow             // it did not take what waited for it
	endShutdown             // the server stops
	endFeed                 // the channel that it was made for is over
)

// session is one client, remote or local, and what waits for it.
type session struct {
	server *Server
	id     string
	local  *Local // nil for a remote client

	// Set by the handshake and read-only from then on.
	browser      string        // cookie; "" when it began on a socket without one
	timeout      time.Duration // of a held connect; negative is for ever
	endsWithFeed bool
	acks         bool // every delivery goes through connects and is kept until acknowledged

	// What wakes a carrier takes no lock: a publisher may hold one of its own
	// that the carrier wants next.
	carrier atomic.Pointer[carrier]
	quiet   atomic.Int32 // requests of its own under way: their answers take what there is

	mu         sync.Mutex
	ended      endReason
	subscribed map[string]*fed // by pattern; nil values are channels of our own
	queue      []*Delivery
	unacked    []batch
	held       int // messages in queue and unacked
	bytes      int // of them
	batch      int64
	connects   int // under way
	expiry     *time.Timer
}

// batch is what one connect's answer brought.
type batch struct {
	number     int64
	deliveries []*Delivery
}

// carrier is what can bring a session something now: a held connect, or a
// socket.
type carrier struct {
	wake     chan struct{} // has room for one
	replaced atomic.Bool   // by a newer one
	released atomic.Bool   // asked to answer with what there is
}

func newCarrier() *carrier { return &carrier{wake: make(chan struct{}, 1)} }

func (c *carrier) rouse() {
	select {
	case c.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// rouse makes whoever carries the session look for something to bring.
func (ss *session) rouse() {
	if c := ss.carrier.Load(); c != nil && ss.quiet.Load() == 0 {
		c.rouse()
	}
}

// enter keeps the carrier asleep while a request of the session's own is
// worked on; leave wakes it for what the answer did not take.
func (ss *session) enter() { ss.quiet.Add(1) }

func (ss *session) leave() {
	if ss.quiet.Add(-1) == 0 {
		ss.rouse()
	}
}

// carriedBy makes c the session's carrier; the one before it gives way.
func (ss *session) carriedBy(c *carrier) {
	c.replaced.Store(false) // a socket may come back after another transport was tried
	if old := ss.carrier.Swap(c); old != nil && old != c {
		old.replaced.Store(true)
		old.rouse()
	}
}

// release has a held connect answer with what there is.
func (ss *session) release() {
	if c := ss.carrier.Load(); c != nil {
		c.released.Store(true)
		c.rouse()
	}
}

// deliver queues a message. A session that is too far behind is removed: what
// it lost can no longer be made good.
func (ss *session) deliver(d *Delivery) {
	if ss.local != nil {
		if ss.over() == alive {
			ss.local.push(d)
		}
		return
	}
	ss.mu.Lock()
	if ss.ended != alive {
		ss.mu.Unlock()
		return
	}
	ss.queue = append(ss.queue, d)
	ss.held++
	ss.bytes += len(d.line)
	over := ss.overflows()
	ss.mu.Unlock()
	if over {
		ss.server.remove(ss, endOverflow)
		return
	}
	ss.rouse()
}

// overflows is asked with the lock held.
func (ss *session) overflows() bool {
	return ss.held > ss.server.cfg.MaxQueue || ss.bytes > ss.server.cfg.MaxQueueBytes
}

// Most that one answer takes from feeds; what is left waits there.
const (
	takeMessages = 256
	takeBytes    = 1 << 20
)

// take removes what is to be brought now. With acks it is kept, under the
// batch number that is returned, until the client has it.
func (ss *session) take() (out []*Delivery, number int64) {
	ss.mu.Lock()
	out, ss.queue = ss.queue, nil
	var feeds []*fed
	for _, f := range ss.subscribed {
		if f != nil {
			feeds = append(feeds, f)
		}
	}
	ss.mu.Unlock()
	fresh := ss.takeFed(feeds)
	out = append(out, fresh...)
	ss.mu.Lock()
	for _, d := range fresh {
		ss.held++
		ss.bytes += len(d.line)
	}
	if ss.acks && len(out) > 0 {
		ss.batch++
		ss.unacked = append(ss.unacked, batch{ss.batch, out})
	} else {
		ss.forget(out)
	}
	number = ss.batch
	over := ss.overflows() // by what a client that never acknowledges was sent
	ss.mu.Unlock()
	if over {
		ss.server.remove(ss, endOverflow)
	}
	return out, number
}

// takeFed takes from those feeds that may have something.
func (ss *session) takeFed(feeds []*fed) (out []*Delivery) {
	size, more := 0, false
	for _, f := range feeds {
		room := takeMessages - len(out)
		if room > 0 && size < takeBytes && f.ready.Swap(false) {
			ds, over := f.take(room)
			for _, d := range ds {
				size += len(d.line)
			}
			out = append(out, ds...)
			if over {
				ss.feedOver(f)
			}
		}
		more = more || f.ready.Load()
	}
	if more {
		ss.rouse()
	}
	return out
}

// forget counts deliveries no longer. The lock is held.
func (ss *session) forget(ds []*Delivery) {
	ss.held -= len(ds)
	for _, d := range ds {
		ss.bytes -= len(d.line)
	}
}

// acknowledged drops what the client has, up to a batch, and puts what it did
// not get in front of the queue again.
func (ss *session) acknowledged(number int64) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	var again []*Delivery
	for _, b := range ss.unacked {
		if b.number <= number {
			ss.forget(b.deliveries)
		} else {
			again = append(again, b.deliveries...)
		}
	}
	ss.unacked = nil
	ss.queue = append(again, ss.queue...)
}

// listens reports whether it is subscribed to anything.
func (ss *session) listens() bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return len(ss.subscribed) > 0
}

// over is why the session ended, alive while it did not.
func (ss *session) over() endReason {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.ended
}

// end stops what the session listens to and returns the patterns. Only the
// first call does anything.
func (ss *session) end(why endReason) (patterns []string) {
	ss.mu.Lock()
	if ss.ended != alive {
		ss.mu.Unlock()
		return nil
	}
	ss.ended = why
	if ss.expiry != nil {
		ss.expiry.Stop()
	}
	var feeds []*fed
	for pattern, f := range ss.subscribed {
		if patterns = append(patterns, pattern); f != nil {
			feeds = append(feeds, f)
		}
	}
	if why == endExpired || why == endOverflow {
		ss.queue, ss.unacked = nil, nil
	}
	ss.subscribed = nil
	ss.mu.Unlock()
	for _, f := range feeds {
		f.stop()
	}
	if c := ss.carrier.Load(); c != nil {
		c.rouse()
	}
	return patterns
}

// connecting says that a connect is under way, which keeps the session.
func (ss *session) connecting() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.connects++
	if ss.expiry != nil {
		ss.expiry.Stop()
	}
}

// connected says that a connect was answered; the next is to follow within the
// interval that the client was told, and MaxInterval.
func (ss *session) connected(interval time.Duration) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.connects--
	ss.expires(interval)
}

// expires sets the time by which a connect must come. The lock is held.
func (ss *session) expires(interval time.Duration) {
	if ss.ended != alive || ss.connects > 0 {
		return
	}
	if ss.expiry != nil {
		ss.expiry.Stop()
	}
	ss.expiry = time.AfterFunc(interval+ss.server.cfg.MaxInterval, func() {
		ss.mu.Lock()
		busy := ss.connects > 0
		ss.mu.Unlock()
		if !busy {
			ss.server.remove(ss, endExpired)
		}
	})
}
