package reference

import (
	"math"
	"sync"
	"time"
)

// lateLog hands each message of another log out a while after it was appended,
// as an application does that takes its time: publishing is as quick as ever,
// and nobody subscribed sees the message before. Those who subscribe meanwhile
// begin behind it.
type lateLog struct {
	Log
	by  time.Duration
	now func() time.Time // the clock of sent times
}

// Range implements Log: it leaves out what is not due yet.
func (l *lateLog) Range(channel string, after uint64, limit int) (msgs []*Message, oldest, newest uint64) {
	msgs, oldest, newest = l.Log.Range(channel, after, limit)
	due := l.now().Add(-l.by).UnixMicro()
	for i, m := range msgs {
		if m.SentUS > due {
			return msgs[:i], oldest, newest
		}
	}
	return msgs, oldest, newest
}

// Notify implements Log: wake is called when the message is due, on a timer's
// goroutine.
func (l *lateLog) Notify(channel string, wake func(*Message)) (cancel func()) {
	w := &lateWaker{wake: wake}
	stop := l.Log.Notify(channel, func(m *Message) { w.later(m, l.by) })
	// What waits already was appended before anybody was to be woken for it.
	_, oldest, _ := l.Log.Range(channel, 0, 0)
	waiting, _, _ := l.Log.Range(channel, oldest-1, math.MaxInt)
	for _, m := range waiting {
		if rest := time.UnixMicro(m.SentUS).Add(l.by).Sub(l.now()); rest > 0 {
			w.later(m, rest)
		}
	}
	return func() {
		stop()
		w.stop()
	}
}

// lateWaker wakes one subscriber, late and in order. One timer is enough: what
// was sent first is due first.
type lateWaker struct {
	wake func(*Message)

	mu      sync.Mutex
	waiting []lateMessage
	newest  uint64 // of what waits or has waited
	timer   *time.Timer
	over    bool
}

type lateMessage struct {
	*Message
	at time.Time
}

func (w *lateWaker) later(m *Message, by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || m.Seq <= w.newest {
		return
	}
	w.newest = m.Seq
	// Range compares sent times, which have whole microseconds.
	w.waiting = append(w.waiting, lateMessage{m, time.Now().Add(by + time.Millisecond)})
	if len(w.waiting) == 1 {
		w.timer = time.AfterFunc(by+time.Millisecond, w.due)
	}
}

// due wakes for what is due, and sets the timer for what comes next.
func (w *lateWaker) due() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) > 0 && !w.over {
		if rest := time.Until(w.waiting[0].at); rest > 0 {
			w.timer.Reset(rest)
			return
		}
		w.wake(w.waiting[0].Message)
		w.waiting = w.waiting[1:]
	}
}

// stop waits for a wake under way; none comes after it.
func (w *lateWaker) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over, w.waiting = true, nil
	if w.timer != nil {
		w.timer.Stop()
	}
}
