package measure

import "context"

// Client receives as some real receiver would: a Go client with its own
// decoders, a browser, or a model of one. The matrix runner calls it; one
// Client serves many subscriptions at once and keeps them apart (no shared
// connection pool between two calls of Subscribe).
type Client interface {
	// Name is the label in results: go, chromium, model:ie8.
	Name() string

	// Supports returns nil, or why this client cannot receive by this
	// subscription at all. The reason becomes the text of an `unsupported`
	// cell. It does not block.
	Supports(s Subscription) error

	// Subscribe connects, receives and blocks until ctx ends (the client
	// leaves: it must close its connection abruptly enough for the far end to
	// notice), until the first end when s.Resume is false, or until the origin
	// says that it is over for good. Each event goes to sink, serially, with
	// T in microseconds since the Unix epoch on the client's own Clock.
	//
	// A refused or broken connection is an event (error, end), not a returned
	// error; the returned error means that the client itself failed (a crashed
	// browser) and makes the cell harness_failed.
	Subscribe(ctx context.Context, s Subscription, sink func(Event)) error

	// Clock names the clock behind this client's events.
	Clock() Clock

	// Close frees what the client holds (a browser process). The runner calls
	// it once, after all subscriptions returned.
	Close() error
}

// Clock is one source of time stamps and what is known of its distance to the
// coordinator's. A clock on the same machine has offset and bound 0.
type Clock struct {
	ID       string `json:"id"`
	OffsetUS int64  `json:"offset_us"` // add to a stamp of this clock to get the coordinator's time
	BoundUS  int64  `json:"bound_us"`  // the offset is right to within this
}
