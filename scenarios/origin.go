package scenarios

import (
	"context"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Needs are the abilities that a check requires of an origin.
type Needs struct {
	Publish bool // messages can be sent at chosen times
	Record  bool // what it sent and noticed can be read back
	Options bool // subscribe options are obeyed
	Resume  bool // a client can come back behind an id
}

// Missing names the first ability that have lacks, "" when it has all.
func (n Needs) Missing(have Needs) string {
	switch {
	case n.Publish && !have.Publish:
		return "publish"
	case n.Record && !have.Record:
		return "record"
	case n.Options && !have.Options:
		return "options"
	case n.Resume && !have.Resume:
		return "resume"
	}
	return ""
}

// Origin is what stands at the far end of a path: the reference server in this
// process, in a child process or on another host; later, somebody's own
// application, which can less. The runner calls it from many goroutines.
type Origin interface {
	// URL is where paths lead to: scheme and host, reachable from proxies.
	URL() *url.URL
	// Roots are the certificates to trust in front of it, in PEM; nil where
	// the system's will do.
	Roots() []byte
	// Can says what the origin is able to do.
	Can() Needs
	// Publish sends one message, due at the planned time, and returns its id.
	// It goes to the origin directly, never through the path.
	Publish(ctx context.Context, channel string, due time.Time, contentType string, body []byte) (id string, err error)
	// Terminate ends the channel's subscriptions for good.
	Terminate(ctx context.Context, channel string) error
	// Record returns what the origin noticed on a channel, from index since
	// on; it waits up to wait for something new. next is the index to go on
	// from. Event times are on the coordinator's clock already.
	Record(ctx context.Context, channel string, since int, wait time.Duration) (events []measure.Event, next int, err error)
	// Clock names the clock behind the record.
	Clock() measure.Clock
	// Close stops the origin if it was started here.
	Close() error
}
