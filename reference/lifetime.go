package reference

import "time"

// Lifetime decides when a stream sends a heartbeat and when it ends. It is a
// pure state machine: it reads no clock, starts no timer and writes nothing,
// so that any engine can drive it. The zero limits are off.
type Lifetime struct {
	Heartbeat    time.Duration // silence after which a heartbeat is due
	RecycleAfter time.Duration // age at which the stream ends
	RecycleBytes int64         // body bytes, prelude excepted, after which it ends
	Limit        int           // messages after which it ends
	Length       int64         // declared length of the whole body; nothing is written beyond
	EarlyClose   bool          // end CloseAfter behind the first message
	CloseAfter   time.Duration // used with EarlyClose; 0 is at once

	opened, spoke, first time.Time
	body, total, start   int64 // start is the total after Open
	messages             int
}

// Step is what a stream has to do now.
type Step struct {
	Heartbeat bool
	End       string // a reason, "" to go on
}

// Open says that the head, a prelude and the hello were written.
func (l *Lifetime) Open(now time.Time, prelude, body int) {
	l.opened, l.spoke = now, now
	l.body, l.total, l.start = int64(body), int64(prelude+body), int64(prelude+body)
}

// Wrote says that n bytes of a control message were written.
func (l *Lifetime) Wrote(now time.Time, n int) {
	l.spoke = now
	l.body += int64(n)
	l.total += int64(n)
}

// Message says that a message of n bytes was written.
func (l *Lifetime) Message(now time.Time, n int) {
	l.Wrote(now, n)
	if l.messages++; l.messages == 1 {
		l.first = now
	}
}

// Fits reports whether a frame of n bytes may be written so that an end notice
// of end bytes still fits in a declared length.
func (l *Lifetime) Fits(n, end int) bool {
	return l.Length == 0 || l.total+int64(n)+int64(end) <= l.Length
}

// NeverFits reports whether a frame of n bytes is too long for a whole stream
// of the declared length.
func (l *Lifetime) NeverFits(n, end int) bool {
	return l.Length > 0 && l.start+int64(n)+int64(end) > l.Length
}

// Remaining is how many bytes of a declared length are not written.
func (l *Lifetime) Remaining() int64 {
	return max(0, l.Length-l.total)
}

// Step says what is due at now. An end comes before a heartbeat; of several
// ends the one that the messages caused comes first.
func (l *Lifetime) Step(now time.Time) Step {
	switch {
	case l.Limit > 0 && l.messages >= l.Limit:
		return Step{End: ReasonLimit}
	case l.RecycleBytes > 0 && l.body >= l.RecycleBytes:
		return Step{End: ReasonRecycleBytes}
	case due(now, l.opened, l.RecycleAfter):
		return Step{End: ReasonRecycleTime}
	case l.EarlyClose && l.messages > 0 && now.Sub(l.first) >= l.CloseAfter:
		return Step{End: ReasonEarlyClose}
	}
	return Step{Heartbeat: due(now, l.spoke, l.Heartbeat)}
}

// Next is when Step is to be asked again if nothing is written before; false
// when time alone changes nothing.
func (l *Lifetime) Next() (at time.Time, ok bool) {
	soonest := func(from time.Time, after time.Duration) {
		if t := from.Add(after); !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if l.Heartbeat > 0 {
		soonest(l.spoke, l.Heartbeat)
	}
	if l.RecycleAfter > 0 {
		soonest(l.opened, l.RecycleAfter)
	}
	if l.EarlyClose && l.messages > 0 {
		soonest(l.first, l.CloseAfter)
	}
	return at, ok
}

func due(now, from time.Time, after time.Duration) bool {
	return after > 0 && now.Sub(from) >= after
}
