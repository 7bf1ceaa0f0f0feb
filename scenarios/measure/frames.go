package measure

import (
	"slices"
	"sync"
)

// FrameAct is what a frame of a receiving page does that somebody at the browser
// may notice.
type FrameAct string

// The acts of frames.
const (
	FrameNavigates FrameAct = "navigates"   // it is given an address: some browsers click
	FrameLoaded    FrameAct = "loaded"      // its load event came
	PageLoaded     FrameAct = "page-loaded" // the load event came of the document that made the frame while it loaded itself
	FrameBusy      FrameAct = "busy"        // the browser says that it loads: its throbber turns
	FrameIdle      FrameAct = "idle"        // it says that it loads no longer
)

// FrameSight is one such act.
type FrameSight struct {
	Act FrameAct
	T   int64 // Unix microseconds of the coordinator's clock
}

// Frames watches the frames of a page that receives (Subscription.Frames). It
// may be read while the client receives.
type Frames struct {
	// WhileLoading has the frame made by a document that still loads, as a page
	// does that does not wait for its own load event.
	WhileLoading bool

	mu   sync.Mutex
	seen []FrameSight
}

// Add notes an act; clients call it.
func (f *Frames) Add(act FrameAct, t int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, FrameSight{act, t})
}

// Seen lists the acts so far, by time.
func (f *Frames) Seen() []FrameSight {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.Clone(f.seen)
	slices.SortStableFunc(out, func(a, b FrameSight) int { return int(a.T - b.T) })
	return out
}

// Framed is a Client that receives in pages and can watch their frames
// (Subscription.Frames).
type Framed interface {
	Client
	// CanWatchFrames returns nil, or why it cannot for this subscription.
	CanWatchFrames(s Subscription) error
}
