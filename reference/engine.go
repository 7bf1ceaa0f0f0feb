package reference

import "net/http"

// Engine carries subscriptions: it owns the connections, waits for messages,
// heartbeats, limits and departures, and writes what the framer says. The
// goroutine engine is the first; an event-driven one fits underneath without
// a change to any technique.
type Engine interface {
	// Attach serves one subscription on one response until it ends. Writes of
	// one subscriber are serial; one message is one write and one flush. The
	// call may block until the end (goroutine engine) or take the connection
	// over and return at once.
	Attach(w http.ResponseWriter, r *http.Request, sub *Subscription, f Framer)
	// Detach ends a subscription with a reason of WIRE.md (recycle-bytes,
	// recycle-time, shutdown, terminated, limit, early-close, slow). It does
	// not wait.
	Detach(sub *Subscription, reason string)
}
