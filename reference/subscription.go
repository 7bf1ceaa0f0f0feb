package reference

import "sync"

// Subscription is one request to receive: what it asked for, and how far it
// got. The handler makes it, a technique may adjust it in Frame, an engine
// serves it.
type Subscription struct {
	Channel      string
	Technique    string
	Params       Params
	EarlyClose   bool  // set by the technique: end Params.CloseAfter behind the first message
	RequestBytes int64 // length of the request's body, which was read and discarded
	Conn         int   // number of the connection, from 1; 0 is unknown
	Number       int   // number of the subscribe request on its channel, from 1; 0 without a record

	// OnEnd, when set, is called exactly once, by the engine, when the answer
	// has ended or the peer is gone. It must not block for long.
	OnEnd func(Ending)
	// OnWrite, when set, is called by the engine when a message was handed to
	// the kernel. It must not block for long.
	OnWrite func(*Message)

	hub   *Hub
	class Class
	peer  peer // what the record says about the request

	roused func()        // when set, is called in place of a word to wake
	wake   chan struct{} // has room for one: there may be something new
	pos    uint64        // sequence number of the last message taken
	gap    *Control      // to be said before the next message

	queue queue
	sent  int // messages handed to the kernel; the engine's alone

	mu     sync.Mutex
	reason string // why it was detached, "" while it is not
}

// Ending is how a subscription ended.
type Ending struct {
	// Reason is that of the end notice, or ReasonAnswered for a poll; "" when
	// there was none, because the peer left or could not be written to.
	Reason   string
	Messages int   // that were handed to the kernel
	Err      error // what was noticed of a peer that is gone; nil otherwise
}

// NewSubscription is a request of an application to receive from a channel,
// for [Server.Carry].
func NewSubscription(channel, technique string, p Params) *Subscription {
	return &Subscription{Channel: channel, Technique: technique, Params: p, wake: make(chan struct{}, 1)}
}

// Detached returns the reason that Detach gave, "" before.
func (s *Subscription) Detached() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// detach asks the subscription to end. The first reason stays.
func (s *Subscription) detach(reason string) {
	s.mu.Lock()
	if s.reason == "" {
		s.reason = reason
	}
	s.mu.Unlock()
	s.rouse()
}

// rouse makes whoever serves the subscription look again. It never blocks.
func (s *Subscription) rouse() {
	if s.roused != nil {
		s.roused()
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// locate finds the position to start from, and the gap before it.
func (s *Subscription) locate(after string) {
	log := s.hub.log
	_, oldest, newest := log.Range(s.Channel, 0, 0)
	if after == "" {
		s.pos = newest
		if s.class == Poll || s.class == Held {
			s.pos = oldest - 1
		}
		return
	}
	epoch, seq, err := parsePosition(after)
	s.pos = oldest - 1
	switch {
	case err != nil || epoch != log.Epoch() || seq > newest+s.hub.ahead: // not an id that this log ever gave
		s.gap = &Control{Kind: ControlGap, Unknown: true, Next: formatID(log.Epoch(), oldest)}
	case seq+1 < oldest:
		s.gap = &Control{Kind: ControlGap, Missed: oldest - 1 - seq, Next: formatID(log.Epoch(), oldest)}
	default:
		s.pos = seq
	}
}

// hello is the first notice of a stream. A position the client brought is
// handed back: resuming from it after a cut gives the same answer again.
func (s *Subscription) hello() Control {
	last := s.Params.After
	if last == "" {
		last = formatID(s.hub.log.Epoch(), s.pos)
	}
	return Control{Kind: ControlHello, Epoch: s.hub.log.Epoch(), Last: last, AtUS: s.hub.nowUS()}
}

// end is the notice that closes a stream.
func (s *Subscription) end(reason string) Control {
	return Control{Kind: ControlEnd, Reason: reason, RetryMS: s.Params.Retry.Milliseconds()}
}

// next returns what there is to say behind the position: a gap notice, or up
// to limit messages, or nothing. The position moves over the gap; taken moves
// it over messages.
func (s *Subscription) next(limit int) (*Control, []*Message) {
	if gap := s.gap; gap != nil {
		s.gap = nil
		return gap, nil
	}
	log := s.hub.log
	if cut := s.queue.cut(); cut != 0 {
		if s.pos+1 >= cut { // what was queued is written: say what was left out
			_, _, newest := log.Range(s.Channel, s.pos, 0)
			return s.skip(newest), nil
		}
		limit = min(limit, int(cut-1-s.pos))
	}
	msgs, oldest, _ := log.Range(s.Channel, s.pos, limit)
	if oldest > s.pos+1 {
		return s.skip(oldest - 1), nil
	}
	return nil, msgs
}

// skip moves the position to seq and says what that leaves out.
func (s *Subscription) skip(seq uint64) *Control {
	gap := &Control{Kind: ControlGap, Missed: seq - s.pos, Next: formatID(s.hub.log.Epoch(), seq+1)}
	s.pos = seq
	s.queue.reset()
	return gap
}

// taken moves the position behind m.
func (s *Subscription) taken(m *Message) {
	s.pos = m.Seq
	s.queue.taken(m)
}
