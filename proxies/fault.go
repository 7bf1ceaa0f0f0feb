package proxies

import (
	"net"
	"net/http"
	"time"
)

// TimeKind says whether a duration is scaled.
type TimeKind string

// Wire time is never scaled; policy time may be (DESIGN.md, Time).
const (
	Wire   TimeKind = "wire"
	Policy TimeKind = "policy"
)

// Fault is one way in which a path goes wrong: a name, parameters and the
// hooks it needs. Faults of one hop apply from the origin outward.
type Fault struct {
	Name   string
	Means  string  // one sentence
	Cause  string  // the cause of RESULTS.md that it provokes ("" for none of its own)
	Params []Param // the first unnamed argument is the one with Main set
	// New builds the hooks for one instance. Durations in args are already
	// scaled according to their TimeKind.
	New func(args Args) (Hooks, error)
}

// Param is a parameter of a fault.
type Param struct {
	Name    string
	Type    string   // duration, bytes, count, word, text, chance
	Time    TimeKind // for durations
	Words   []string // for words: the allowed ones
	Default string   // "" when it must be given or may be absent
	Main    bool     // what a single unnamed argument means
	Means   string
}

// Hooks are the places where a fault takes hold. Nil ones are not called.
type Hooks struct {
	// Request sees each request before it goes upstream. A non-nil response
	// is the proxy's own answer, and nothing goes upstream.
	Request func(r *http.Request) *http.Response
	// Upstream wraps the way to the origin.
	Upstream func(next http.RoundTripper) http.RoundTripper
	// Response sees the upstream's head and may replace the body.
	Response func(resp *http.Response) error
	// Writer wraps the way back to the client, after Response. The proxy
	// calls Finish when the upstream body has ended.
	Writer func(next ResponseWriter, r *http.Request) ResponseWriter
	// Conn wraps each connection accepted from a client.
	Conn func(c net.Conn) net.Conn
	// Tunnel wraps both ends of an upgraded or CONNECTed connection.
	Tunnel func(client, upstream net.Conn) (net.Conn, net.Conn)
}

// ResponseWriter is the way back to the client. The innermost one writes and
// flushes at once; buffering faults hold the head and the body in front of it.
// Implementations lock: timers write from goroutines of their own.
type ResponseWriter interface {
	http.ResponseWriter
	// Finish says that the upstream ended: cleanly when err is nil. A buffer
	// releases what it holds and passes it on.
	Finish(err error)
}

// Args are a fault's parsed arguments.
type Args struct {
	text      map[string]string
	durations map[string]time.Duration
	numbers   map[string]int64
}
