package proxies

import (
	"context"
	"net"
	"net/http"
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
	Name     string
	Means    string    // one sentence
	Source   string    // where the behaviour was seen or documented
	Provokes []Provoke // the causes of RESULTS.md, none where it has none of its own
	Params   []Param   // the first unnamed argument is the one with Main set
	// Early is set where the fault acts on the request, so that a condition on
	// the response (type, size) cannot be known in time.
	Early bool
	// Modes are those in which it can act at all; nil are all in which its
	// hooks can.
	Modes []Mode
	// Origins is how many it needs, Env.Others included; 0 is 1.
	Origins int
	// New builds the hooks for one instance. Durations in args are already
	// scaled according to their TimeKind. It has no side effects: Parse calls
	// it to find bad combinations of arguments.
	New func(args Args) (Hooks, error)
}

// Provoke names a cause and the way to write the fault so that it appears.
type Provoke struct {
	Cause string // as in RESULTS.md
	Spec  string // as in `fault:SPEC`
}

// Param is a parameter of a fault.
type Param struct {
	Name    string
	Type    ParamType
	Time    TimeKind // for durations
	Words   []string // for words: the allowed ones
	Default string   // "" when it must be given or may be absent
	Main    bool     // what a single unnamed argument means
	Means   string
}

// ParamType is how the text of an argument is read.
type ParamType string

// The types of parameters.
const (
	Duration ParamType = "duration" // as Go writes it: 200ms, 60s
	Bytes    ParamType = "bytes"    // 4096, 64k, 1M (powers of 1024)
	Count    ParamType = "count"    // 0 or more
	Word     ParamType = "word"     // one of Param.Words
	Text     ParamType = "text"     // anything; in double quotes if it holds , ( ) or "
)

// Hooks are the places where a fault takes hold. Nil ones are not called.
type Hooks struct {
	// Request sees each request before it goes upstream. A non-nil response
	// is the proxy's own answer, and nothing goes upstream.
	Request func(r *http.Request) *http.Response
	// Upstream wraps the way to the origin. It is called once for each
	// exchange. An error of type *CutError ends the exchange as it says; any
	// other is answered with 502.
	Upstream func(next http.RoundTripper) http.RoundTripper
	// Response sees the upstream's head and may replace the body.
	Response func(resp *http.Response) error
	// Writer wraps the way back to the client, after Response. The proxy
	// calls Finish when the upstream body has ended.
	Writer func(next ResponseWriter, r *http.Request) ResponseWriter
	// Conn wraps each connection accepted from a client, before any condition
	// can be known.
	Conn func(c net.Conn) net.Conn
	// Tunnel wraps both ends of an upgraded or CONNECTed connection, or of
	// one relayed in TCP mode.
	Tunnel func(client, upstream net.Conn) (net.Conn, net.Conn)
	// Connect wraps the opening of tunnels: of each CONNECT, and of each
	// connection in TCP mode.
	Connect func(next Connector) Connector
	// Dial wraps the opening of connections towards the origin, those of the
	// pools as well as those of tunnels.
	Dial func(next Dialer) Dialer
	// Inspect ends TLS that is found inside CONNECT with a certificate of the
	// hop's own authority, and serves the HTTP in it.
	Inspect bool
	// Outage makes the hop listen in a network namespace of its own and lose
	// packets there. It takes no conditions.
	Outage *Outage
}

// Connector opens the connection of a tunnel to r.Host, a host:port. A non-nil
// response refuses the tunnel; in TCP mode the client then sees a reset. The
// context of r ends with the tunnel.
type Connector func(r *http.Request) (net.Conn, *http.Response, error)

// Dialer opens a connection.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// ResponseWriter is the way back to the client. The innermost one writes and
// flushes at once; buffering faults hold the head and the body in front of it.
// Implementations lock: timers write from goroutines of their own.
type ResponseWriter interface {
	http.ResponseWriter
	// Finish says that the upstream ended: cleanly when err is nil. A buffer
	// releases what it holds and passes it on. It returns when nothing of the
	// response is left to write, and it is called exactly once.
	Finish(err error)
}

// Faults returns all faults, in the order in which they are listed.
func Faults() []Fault {
	return []Fault{
		bufferFault(),
		preludeFault(),
		holdLastFault(),
		headersHeldFault(),
		gzipFault(),
		scanFault(),
		latencyFault(),
		idleFault(),
		firstByteFault(),
		durationFault(),
		maxBytesFault(),
		cutFault(),
		upgradeFault(),
		muteFault(),
		blackholeFault(),
		errorPageFault(),
		headerFault(),
		hostFault(),
		http10Fault(),
		requestBufferFault(),
		abortIgnoredFault(),
		brokenOffFault(),
		authFault(),
		connectionsFault(),
		repeatFault(),
		corruptFault(),
		rechunkFault(),
		sliceFault(),
		bandwidthFault(),
		jitterFault(),
		cacheFault(),
		collapseFault(),
		h2ResetFault(),
		reloadFault(),
		keepaliveOffFault(),
		postRefusedFault(),
		connectFault(),
		roundRobinFault(),
	}
}

// FaultNames returns the names of all faults.
func FaultNames() []string {
	all := Faults()
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}
