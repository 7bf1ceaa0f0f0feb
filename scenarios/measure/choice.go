package measure

import (
	"context"
	"time"
)

// Chooser is a Client that has several transports of its own and chooses among
// them.
type Chooser interface {
	Client
	// Chooses reports whether it speaks a protocol of sessions, as
	// Technique.Session names it.
	Chooses(session string) bool
	// Choose lets it receive from a channel at the endpoint that t names, by
	// any of its transports, until a first message is there or ctx ends.
	// publish is called whenever it has subscribed. The error says that the
	// client itself failed, or cannot reach such a target.
	Choose(ctx context.Context, t Target, channel string, publish func() error) (Choice, error)
}

// Choice is what became of it.
type Choice struct {
	Transport string        // that it has in the end; "" is none
	Opened    time.Duration // from when it began to the session over that transport
	Received  time.Duration // from when it began to the first message; 0 is never
	Met       []string      // what failed before, in the client's own words
}
