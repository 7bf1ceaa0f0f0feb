package reference

import "sync"

// Bounds of what may wait for one subscriber: 256 messages or 1 MB, of which
// the kernel's share is taken off beforehand (see Config.SendBuffer).
const (
	queueMessages = 256
	queueBytes    = 1<<20 - 2*defaultSendBuffer
)

// queue counts what was published since the subscriber came and is not written
// yet. It holds no messages, the log does. A replay of older messages does not
// count: it is as long as the client's absence, not as slow as its reading.
type queue struct {
	policy SlowPolicy

	mu        sync.Mutex
	first     uint64 // lowest sequence number counted, 0 when none is
	messages  int
	bytes     int
	dropFrom  uint64 // with SlowDrop: first sequence number left out, 0 when none is
	slow      bool   // with SlowDisconnect: the bound was passed
	interrupt func() // breaks a blocked write off; nil while nobody writes
}

// published counts m and acts on the bound. It runs on the publisher's
// goroutine.
func (q *queue) published(m *Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.dropFrom != 0 || q.slow {
		return
	}
	if q.first == 0 {
		q.first = m.Seq
	}
	q.messages++
	q.bytes += m.Size()
	if q.messages <= queueMessages && (q.bytes <= queueBytes || q.messages == 1) {
		return
	}
	switch q.policy {
	case SlowDrop:
		q.dropFrom = m.Seq
	case SlowWait:
	default:
		q.slow = true
		if q.interrupt != nil {
			q.interrupt()
		}
	}
}

// taken stops counting m.
func (q *queue) taken(m *Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first != 0 && m.Seq >= q.first {
		q.messages--
		q.bytes -= m.Size()
	}
}

// reset forgets what was counted, when the position jumped over it.
func (q *queue) reset() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.first, q.messages, q.bytes, q.dropFrom = 0, 0, 0, 0
}

// cut is the first sequence number that was left out, 0 when none was.
func (q *queue) cut() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropFrom
}

// overrun reports whether the subscriber is to be disconnected as slow. By
// then the interrupt has run, if there was one.
func (q *queue) overrun() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.slow
}

// interrupts sets what breaks off a blocked write; nil before the writer's
// connection may no longer be touched.
func (q *queue) interrupts(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.interrupt = f
	if q.slow && f != nil {
		f()
	}
}
