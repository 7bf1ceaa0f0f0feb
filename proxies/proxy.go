package proxies

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
)

// Mode is how clients reach a proxy.
type Mode string

// The modes.
const (
	Reverse Mode = "reverse" // clients ask the proxy as if it were the origin
	Forward Mode = "forward" // clients name the origin to the proxy (absolute URI or CONNECT)
	TCP     Mode = "tcp"     // bytes only
)

// Scope says how many cells one running instance may serve.
type Scope string

// The scopes.
const (
	PerCell   Scope = "per-cell"  // cheap: each cell gets its own, so that hits and state are its own
	Shared    Scope = "shared"    // one for the run
	Exclusive Scope = "exclusive" // one for the run, one cell at a time
)

// Proxy is something that can stand between client and origin. Specs parse to
// it (Parse); the matrix runner starts it.
type Proxy interface {
	// Name is the spec as the user wrote it, the label in results.
	Name() string
	Capabilities() Capabilities
	Scope() Scope
	// Available returns nil, or why this proxy cannot run here and which
	// package brings it (*MissingError).
	Available() error
	// Start runs it in front of env.Origin and returns when it answers. The
	// instance lives until Close, whatever happens to ctx afterwards.
	Start(ctx context.Context, env Env) (Instance, error)
}

// Capabilities says what a proxy can be asked for.
type Capabilities struct {
	Modes    []Mode
	Front    []string // HTTP versions towards clients: "1.0", "1.1", "2", "3"
	Back     []string // HTTP versions towards the origin
	TLS      bool     // clients can speak TLS to it or through it
	Scalable bool     // policy time can be scaled (simulated proxies only)
	Parent   bool     // can reach the origin through a forward proxy (Env.Parent)
	Foreign  bool     // started by somebody else: proof of path must come from outside
	Origins  int      // how many it needs to stand in front of, Env.Others included; 0 is 1
}

// Env is what an instance is started with.
type Env struct {
	Origin *url.URL // http://127.0.0.1:port, or https
	// Others are further origins with the same content as Origin, for simulated
	// proxies with a fault that balances (Fault.Origins); nil is one origin.
	// Clients reach them through the fault alone.
	Others []*url.URL
	Mode   Mode   // "" is Reverse where the proxy can, else its only mode
	Listen string // "" is a free loopback port
	// Front makes a reverse proxy's side towards clients TLS, with HTTP/1.x and
	// 2 by ALPN; nil is plain, with HTTP/1.x and 2 by prior knowledge. In
	// forward and tcp mode TLS passes through, and it is not used.
	Front *tls.Certificate
	// RootsPEM are the authorities to trust for an https Origin besides those of
	// the system.
	RootsPEM []byte
	// Back is the HTTP version towards Origin: "1.0", "1.1" or "2". "" is 1.1,
	// and for an https Origin what ALPN gives. Upgrades are asked with 1.1.
	Back string
	// Scale multiplies policy time (idle, first byte, duration), never wire
	// time (latency, buffering timers). 0 is 1.
	Scale float64
	Seed  int64 // for faults with chance
	// Parent is a forward proxy through which Origin is reached; nil is
	// straight. Chains set it for proxies whose Capabilities have Parent.
	Parent *url.URL
	// Allow lists further host:port pairs that a simulated forward proxy
	// reaches; "*" is any. Without it the origin is all that it reaches.
	Allow []string
}

// Instance is a running proxy.
type Instance interface {
	// Route is how clients reach the origin through it.
	Route() Route
	// Stats counts since the start.
	Stats() Stats
	// Version and ConfigHash identify a real program. A preset's Version says
	// what it is modelled on and how sure that is ([Preset.Basis]), so that a
	// result which rests on hearsay carries that along; otherwise simulated
	// ones have none.
	Version() string
	ConfigHash() string
	// Close stops it with all its children and waits for them.
	Close() error
}

// Reloader is an Instance that can be made to read its configuration again.
type Reloader interface {
	Instance
	// Reload returns when what comes from then on is served by the new
	// configuration. The error wraps ErrNoReload where the program has no way
	// to do so.
	Reload(ctx context.Context) error
}

// ErrNoReload says that a program cannot read its configuration again while it
// runs.
var ErrNoReload = errors.New("the program cannot read its configuration again")

// Route is the way in. Base replaces the origin's scheme and host; nil is the
// origin's own. Proxy is the forward proxy to ask for it; nil is none. Both
// are set where a forward proxy stands in front of a reverse one.
type Route struct {
	Base  *url.URL
	Proxy *url.URL
	// RootsPEM are the authorities of hops that inspect TLS, nil if none does.
	// The matrix runner does not hand them to its clients, so that these see the
	// interception; whoever wants clients that trust it, as the machines of a
	// company do, adds them to what the clients trust (cometbench proxy --ca-out
	// writes them to a file).
	RootsPEM []byte
}

// Stats are the counters of an instance. -1 means that it cannot tell.
type Stats struct {
	Hits        int // requests seen (connections for TCP mode and relays)
	Accepted    int // client connections accepted so far
	Upstream    int // connections opened towards the origin so far
	OpenClients int // client connections open now
	Undelivered int // client connections that could not be passed on, because nothing answered there
}

// UnsupportedError says that a proxy cannot act in the way that an Env asks
// for, however it is set up: a cell that needs it is unsupported for this
// reason.
type UnsupportedError struct {
	Proxy  string // the spec
	Reason string
}

func (e *UnsupportedError) Error() string { return "proxy " + quoteName(e.Proxy) + ": " + e.Reason }

// MissingError says that a program is not installed.
type MissingError struct {
	Program string
	Package string // the Debian package that brings it; "" when there is none
	URL     string // where it comes from, when there is no package
}

func (e *MissingError) Error() string {
	if e.Package == "" {
		return e.Program + " is not installed; Debian has no package of it, see " + e.URL
	}
	return e.Program + " is not installed; apt-get install " + e.Package + " brings it"
}
