package browsers

import "sync"

// inbox hands protocol events from the goroutine that reads them, which must
// never wait, to the one that works on them. It holds a bounded number.
type inbox struct {
	mu     sync.Mutex
	events []any
	full   bool
	wake   chan struct{}
}

// mostWaiting is far more than a page says while a sink takes one event; a
// reader that is so late measures nothing any more.
const mostWaiting = 1 << 16

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put adds an event, or notes that one was lost.
func (b *inbox) put(ev any) {
	b.mu.Lock()
	if len(b.events) < mostWaiting {
		b.events = append(b.events, ev)
	} else {
		b.full = true
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take returns what has come since the last call, and whether nothing was lost.
func (b *inbox) take() (events []any, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	events, b.events = b.events, nil
	return events, !b.full
}
