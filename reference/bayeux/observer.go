package bayeux

import "time"

// Observer hears what becomes of one request or socket, on the goroutines that
// serve it; Heartbeat may come while another of its methods runs. It must not
// block for long.
type Observer interface {
	// Heard is told of each frame that came up a socket.
	Heard(frame []byte)
	// Accepted says that a subscription, or a connect of a session that has one,
	// was taken on.
	Accepted()
	// Refused says that one of its messages was answered with an error.
	Refused(err *Error)
	// Heartbeat says that a socket's connect was answered without a message.
	Heartbeat(bytes int)
	// Answered says that what was accepted is about to be answered. On a socket
	// it is the end of it, with the reason.
	Answered(reason string)
	// Gone says how it was learned that the peer had left.
	Gone(how error)
}

// Options are the ways in which one request is served unlike others.
type Options struct {
	Observer   Observer      // nil hears nothing
	Transports []string      // offered to a handshake; nil is all
	Timeout    time.Duration // of the connects of sessions that shake hands here; 0 is the server's, negative is for ever
	// EndsWithFeed ends a session that shakes hands here, with advice not to
	// come back, once a feed's channel that it listens to is over.
	EndsWithFeed bool
	// RecycleBytes and RecycleAfter close a socket with 1001 when it has
	// carried so much or for so long; 0 is never. The session lives on.
	RecycleBytes int64
	RecycleAfter time.Duration
}

// The transports, by the names of the specification.
const (
	LongPolling     = "long-polling"
	CallbackPolling = "callback-polling"
	WebSocket       = "websocket"
)

func (o Options) transports() []string {
	if o.Transports == nil {
		return []string{WebSocket, LongPolling, CallbackPolling}
	}
	return o.Transports
}

func (o Options) heard(frame []byte) {
	if o.Observer != nil {
		o.Observer.Heard(frame)
	}
}

func (o Options) accepted() {
	if o.Observer != nil {
		o.Observer.Accepted()
	}
}

func (o Options) refused(err *Error) {
	if o.Observer != nil {
		o.Observer.Refused(err)
	}
}

func (o Options) heartbeat(n int) {
	if o.Observer != nil {
		o.Observer.Heartbeat(n)
	}
}

func (o Options) answered(reason string) {
	if o.Observer != nil {
		o.Observer.Answered(reason)
	}
}

func (o Options) gone(how error) {
	if o.Observer != nil {
		o.Observer.Gone(how)
	}
}
