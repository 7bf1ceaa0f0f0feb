package reference

import "net/http"

// Class says how a technique uses its response.
type Class string

// The classes of techniques.
const (
	Poll   Class = "poll"   // answered at once
	Held   Class = "held"   // held until there is something to say
	Stream Class = "stream" // one answer carries many messages
	Socket Class = "socket" // raw handler after an upgrade
)

// Technique is one way to push messages to a browser. It never sees a
// ResponseWriter: it turns a request into a Framer, and an Engine does the
// writing. Only sockets bring a handler of their own (see SocketTechnique).
type Technique interface {
	Name() string
	Info() Info
	// Frame returns the framer for one request whose options were already
	// parsed into sub. An error is answered with 400 and its text.
	Frame(r *http.Request, sub *Subscription) (Framer, error)
}

// SocketTechnique is a technique that leaves HTTP behind. Engine-independent
// parts (options, log cursor, heartbeat and recycle decisions) are the same.
type SocketTechnique interface {
	Technique
	// Opens returns nil when the request asks for this socket in a way that the
	// server can serve; else a *SocketRefusal.
	Opens(r *http.Request) error
	ServeSocket(w http.ResponseWriter, r *http.Request, sub *Subscription)
}

// SocketRefusal is why a request does not open a socket.
type SocketRefusal struct {
	Status int
	Header http.Header // what the answer says besides; may be nil
	Reason string
}

// Error is the reason.
func (r *SocketRefusal) Error() string { return r.Reason }

// Info describes a technique for lists and the index page.
type Info struct {
	Class    Class
	Family   string            // polling, xhr, iframe, script, multipart, eventsource, websocket, webtransport
	Methods  []string          // request methods it answers; others are 405
	HTTP     []string          // HTTP versions it works over, of HTTPVersions
	NotOver  map[string]string // why not, for each of the other versions
	Variants []string          // further forms: a request method, or an option with its value
	Upstream bool              // the client can send on the same connection
	Summary  string            // one sentence for people
}

// Framer says how messages look on the wire for one subscription. All methods
// append to dst and return it; none blocks, keeps dst or writes. The engine
// calls them serially.
type Framer interface {
	// Head is the response head. For polls the engine adds Content-Length, and
	// asks again after Close: a header may say what the messages were.
	Head() Head
	// Open starts the body: prelude and hello on a stream, the opening
	// bracket on a poll.
	Open(dst []byte, hello Control) []byte
	// Message appends one message: on a stream exactly what goes out in one
	// write, on a poll one array element with its comma.
	Message(dst []byte, m *Message) []byte
	// Control appends a heartbeat or a gap notice.
	Control(dst []byte, c Control) []byte
	// Close ends the body: the end notice on a stream, the closing bracket on
	// a poll (where c is zero).
	Close(dst []byte, c Control) []byte
	// SharingKey is equal for two framers exactly when Message gives equal
	// bytes for equal messages, so that an engine may encode once. "" means
	// never share.
	SharingKey() string
}

// Head is the status and the header of an answer.
type Head struct {
	Status int
	Header http.Header
}
