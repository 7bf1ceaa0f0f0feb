package reference

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/reference/bayeux"
)

const (
	defaultSendBuffer = 64 << 10
	subscriberHeaders = 64 << 10 // bytes of request head
)

// Config sets a server up. The zero Config is a server for this machine alone,
// without a record.
type Config struct {
	Window          int   // messages a channel keeps for resuming; 0 is 1,024
	MaxMessageBytes int64 // of a published body, and of a subscribe request's; 0 is 1 MB
	MaxChannels     int   // channels kept; 0 is 65,536. Those without subscribers go first
	MaxSubscribers  int   // subscriptions at once, and completions besides; further ones get 503; 0 is 65,536
	MaxLogBytes     int64 // bytes of messages kept in all; 0 is 256 MB
	MaxPublishRate  int   // messages a second, over all channels, after a burst of as many; further ones get 429; 0 is no limit

	// Workers makes the server one of the thread-per-request kind: every
	// request, held responses included, takes one of so many slots until it is
	// answered; 0 is no limit. Up to WorkersQueue requests wait for a slot (0
	// is 1,000, a negative value none), further ones get 503. /publish, /record,
	// /metrics and what is mounted below /self-test/ go outside the slots, so
	// that starvation can be measured.
	Workers      int
	WorkersQueue int

	// Token opens /publish, /record, /visits and /metrics to requests that do
	// not come from a loopback address, and with NeedToken to any: behind a
	// proxy on this machine everybody seems to come from loopback. Without a
	// token the paths are closed to them.
	Token     string
	NeedToken bool

	// Delay is how long after it was published subscribers get a message, as from
	// an application that takes its time; 0 is at once.
	Delay time.Duration

	Record bool // keep what was sent and noticed, for /record

	// Extra mounts handlers by path: exactly, or everything below a path that
	// ends in "/". The longest match wins. They cannot replace the server's
	// own paths.
	Extra map[string]http.Handler

	// SendBuffer is the kernel's send buffer of each accepted connection, in
	// bytes, so that the kernel's share of a subscriber's queue is bounded
	// (Linux doubles it for its own bookkeeping); 0 is 65,536, and a negative
	// value leaves the system's.
	SendBuffer int

	// HTTP are the versions answered, of those in HTTPVersions; nil is all of
	// them. Requests of another version get 505.
	HTTP []string

	// Bayeux sets the Bayeux endpoint up; its feed is the hub's, and its bounds
	// are this Config's where they are 0.
	Bayeux bayeux.Config

	ErrorLog *log.Logger // of net/http and QUIC; nil discards
	Engine   Engine      // nil is a GoroutineEngine
	Log      Log         // nil is a MemoryLog; then Epoch and Window count

	// Peers says that other servers with the same Epoch are given the same
	// messages in the same order. Then a position ahead of the log is one that a
	// peer gave, and is waited for; it is never further ahead than the window.
	Peers bool

	// Epoch names the life of the log: 1 to 32 letters and digits; "" is a
	// random one. Now is the clock of every time stamp; nil is time.Now. Both
	// are fixed in tests that compare whole answers. Timers do not follow Now.
	Epoch string
	Now   func() time.Time
}

// withDefaults fills in the zeros.
func (c Config) withDefaults() (Config, error) {
	for _, n := range []int64{int64(c.Window), c.MaxMessageBytes, int64(c.MaxChannels), int64(c.MaxSubscribers), c.MaxLogBytes, int64(c.MaxPublishRate), int64(c.Workers)} {
		if n < 0 {
			return Config{}, fmt.Errorf("reference server: a bound is negative: %d", n)
		}
	}
	c.Window = defaultTo(c.Window, 1024)
	c.MaxMessageBytes = defaultTo(c.MaxMessageBytes, 1<<20)
	c.MaxChannels = defaultTo(c.MaxChannels, 65536)
	c.MaxSubscribers = defaultTo(c.MaxSubscribers, 65536)
	c.MaxLogBytes = defaultTo(c.MaxLogBytes, 256<<20)
	c.SendBuffer = defaultTo(c.SendBuffer, defaultSendBuffer)
	c.WorkersQueue = max(0, defaultTo(c.WorkersQueue, 1000))
	if c.HTTP == nil {
		c.HTTP = HTTPVersions()
	}
	if i := slices.IndexFunc(c.HTTP, func(v string) bool { return !slices.Contains(HTTPVersions(), v) }); i >= 0 {
		return Config{}, fmt.Errorf("reference server: HTTP version %.40q: want one of %s", c.HTTP[i], strings.Join(HTTPVersions(), ", "))
	}
	if c.NeedToken && c.Token == "" {
		return Config{}, errors.New("reference server: NeedToken without a Token")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Epoch == "" {
		c.Epoch = newEpoch()
	}
	if !validEpoch(c.Epoch) {
		return Config{}, fmt.Errorf("reference server: epoch %.40q: want 1 to 32 letters and digits", c.Epoch)
	}
	if c.Engine == nil {
		c.Engine = GoroutineEngine{}
	}
	if c.Log == nil {
		c.Log = NewMemoryLog(MemoryLogConfig{
			Epoch: c.Epoch, Window: c.Window, MaxChannels: c.MaxChannels, MaxBytes: c.MaxLogBytes, Now: c.Now,
		})
	}
	if c.Delay < 0 {
		return Config{}, fmt.Errorf("reference server: a delay is negative: %s", c.Delay)
	}
	if c.Delay > 0 {
		c.Log = &lateLog{Log: c.Log, by: c.Delay, now: c.Now}
	}
	return c, nil
}

// ahead is by how many messages a position may be ahead of the log.
func (c *Config) ahead() uint64 {
	if c.Peers {
		return uint64(c.Window)
	}
	return 0
}

func defaultTo[T int | int64](n, otherwise T) T {
	if n == 0 {
		return otherwise
	}
	return n
}

// newEpoch is a name that no earlier life of this log had.
func newEpoch() string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32, and none that look alike
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b)
}
