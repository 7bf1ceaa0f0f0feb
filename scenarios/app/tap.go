package app

import (
	"io"
	"sync"
	"time"
)

// tapLimit is how far the observer may lag behind the wire, in bytes; then the
// wire waits.
const tapLimit = 8 << 20

// tap hands the bytes that passed to the observer, each with the time at which
// it passed. It is written by one goroutine and read by one other.
type tap struct {
	mu      sync.Mutex
	changed sync.Cond
	queue   []piece
	size    int
	left    bool // nobody waits any more
	err     error
	over    time.Time // when err came

	rest  []byte // of the piece being read; the reader's own
	stamp int64  // when it passed, Unix microseconds; the reader's own
}

type piece struct {
	bytes []byte
	at    time.Time
}

func newTap() *tap {
	t := new(tap)
	t.changed.L = &t.mu
	return t
}

func (t *tap) add(p []byte, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.size > tapLimit && !t.left {
		t.changed.Wait()
	}
	t.queue = append(t.queue, piece{append([]byte(nil), p...), at})
	t.size += len(p)
	t.changed.Broadcast()
}

// leave lets a writer that waits go on: the exchange is over, and what still
// comes is bounded by what the kernel holds.
func (t *tap) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = true
	t.changed.Broadcast()
}

// end says that no more will pass since now, and why.
func (t *tap) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err, t.over = err, time.Now()
	}
	t.changed.Broadcast()
}

// Read waits for bytes. It never returns bytes of two pieces at once, so that
// stamp is right for all of them; after the last it returns io.EOF.
func (t *tap) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		t.mu.Lock()
		for len(t.queue) == 0 && t.err == nil {
			t.changed.Wait()
		}
		if len(t.queue) == 0 {
			t.stamp = t.over.UnixMicro()
			t.mu.Unlock()
			return 0, io.EOF
		}
		next := t.queue[0]
		t.queue = t.queue[1:]
		t.size -= len(next.bytes)
		t.changed.Broadcast()
		t.mu.Unlock()
		t.rest, t.stamp = next.bytes, next.at.UnixMicro()
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// broken is the error that ended it, nil while it goes on.
func (t *tap) broken() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
