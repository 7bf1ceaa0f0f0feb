package measure

import (
	"crypto/tls"
	"net/http"
	"sync/atomic"
	"time"
)

// Target says where a client subscribes and how it gets there. It is never a
// bare URL, because the same URL by another method, through another proxy or
// over another HTTP version is another measurement.
type Target struct {
	URL        string           // absolute http or https URL; for sockets as well (clients turn it into ws or wss)
	Method     string           // "" is the technique's own: GET, unless its row in Techniques says otherwise
	Header     http.Header      // sent in addition to what the technique itself sends
	Body       []byte           // request body, for methods that have one
	Proxy      string           // URL of a forward proxy; "" dials URL's host itself
	SocketVia  string           // how a socket passes a forward proxy: "connect" (also ""), or "get" for an absolute-URI GET
	SourceAddr string           // local IP address to dial from; "" lets the system choose
	RootsPEM   []byte           // certificates to trust in addition to the system's
	Insecure   bool             // accept any certificate
	Identity   *tls.Certificate // shown to who asks for one; nil shows none
	HTTP       string           // "1.0", "1.1", "2", "3"; "" is 1.1
}

// Subscription is one act of receiving by one technique.
type Subscription struct {
	Technique string
	// Variant is another way to ask for the technique, by its name in
	// Variants. "" is the plain one.
	Variant string
	Target  Target
	// Stream says how to read an endpoint of somebody's own; nil receives by
	// Technique. Redirects are answers then, and are not followed.
	Stream *Stream
	// Uplink are the text frames that a websocket's client sends, the first as
	// soon as it is open, the others after a pause each. Other techniques do not
	// take any.
	Uplink      []string
	UplinkPause time.Duration
	// After resumes behind this message id; "" starts as the technique does.
	After string
	// Resume makes the client come back after an ended stream or poll, with
	// the position it reached, until its context ends or the origin terminates
	// the channel. Without it Subscribe returns at the first end.
	Resume bool
	// PollInterval is the pause between two answers of an unheld poll (wire
	// time). 0 asks again at once.
	PollInterval time.Duration
	// Retry is the pause before coming back after an error or an end that
	// carries no retry_ms of its own. 0 is one second.
	Retry time.Duration

	// Vanish makes the client disappear when it is closed: it says nothing, and
	// acknowledges nothing, from then on, as if its cable were cut, until its
	// context ends. nil is never. Clients that can are Vanishers.
	Vanish <-chan struct{}
	// Reload makes the page that receives load again when it is closed, and go on
	// behind the last message. nil is never. Clients that can are Pagers.
	Reload <-chan struct{}
	// Wire, if not nil, counts the bytes of the subscription's connections.
	// Clients that can are Counters.
	Wire *Wire
	// Frames, if not nil, watches the frames of the page that receives. Clients
	// that can are Framed.
	Frames *Frames
}

// Wire counts what a client's connections carry, TLS and the framing of HTTP
// included, TCP/IP excluded. It may be read while the client receives.
type Wire struct {
	In, Out atomic.Int64 // bytes
}

// Vanisher is a Client that can disappear (Subscription.Vanish).
type Vanisher interface {
	Client
	// CanVanish returns nil, or why it cannot on this system or for this
	// subscription.
	CanVanish(s Subscription) error
}

// Counter is a Client that counts bytes (Subscription.Wire).
type Counter interface {
	Client
	// CanCount returns nil, or why it cannot for this subscription.
	CanCount(s Subscription) error
}

// Visitor is a Client of which several subscriptions can be one visitor's, as
// the tabs of one browser are: they share its connections, and its limits.
type Visitor interface {
	Client
	// Visit returns a client for the subscriptions of one visitor, at most so
	// many at once. Its Close ends the visit, not the client.
	Visit(subscriptions int) Client
}

// Weigher is a Client that can tell how much memory it takes.
type Weigher interface {
	Client
	// Memory is what its processes hold now, in bytes, pages that they share
	// counted once. It fails where nothing runs or the system does not tell.
	Memory() (int64, error)
}

// Pager is a Client that receives in a page (Subscription.Reload).
type Pager interface {
	Client
	// CanReload returns nil, or why the page cannot be loaded again.
	CanReload() error
}
