package bayeux

import (
	"cmp"
	"fmt"
	"time"
)

// Config sets a server up. Zeros are the defaults of the CometD server where
// it has one.
type Config struct {
	Timeout     time.Duration // how long a connect is held; 0 is 30 s, negative is for ever
	Interval    time.Duration // between two connects, as clients are told
	MaxInterval time.Duration // after which a session that does not connect is removed; 0 is 10 s

	// SessionsPerBrowser of one BAYEUX_BROWSER cookie have their connects held
	// at the same time, over HTTP/1; 0 is 1, negative any number. Others are
	// answered at once and told to come back after MultiSessionInterval, 0 is
	// 2 s; when that is negative they are refused.
	SessionsPerBrowser   int
	MultiSessionInterval time.Duration

	MaxSessions      int   // 0 is 65,536
	MaxSubscriptions int   // of one session; 0 is 1,024
	MaxMessageBytes  int64 // of one request's body, query or frame; 0 is 1 MB
	MaxQueue         int   // messages that wait for one session, unacknowledged ones included; 0 is 8,192
	MaxQueueBytes    int   // the same in bytes; 0 is 8 MB. A session that exceeds either is removed

	// SilentPublisher keeps a session's own messages from coming back to it.
	SilentPublisher bool
	// TrustClientID accepts the id of a session without the cookie that it
	// shook hands with.
	TrustClientID bool

	// MayHandshake, MaySubscribe and MayPublish are the owner's rules for
	// remote clients; nil allows. They are called without locks held. Their
	// error, an *Error as it is, goes to the client. /meta channels are never
	// theirs to allow.
	MayHandshake func(ext []byte) error
	MaySubscribe func(session, pattern string) error
	MayPublish   func(session, channel string) error

	// Feed brings in the channels below FeedPrefix, such as /hub/. Patterns
	// cannot be subscribed to there, and nobody else can publish there.
	Feed       Feed
	FeedPrefix string
}

func (c Config) withDefaults() (Config, error) {
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.MaxInterval = cmp.Or(c.MaxInterval, 10*time.Second)
	c.SessionsPerBrowser = cmp.Or(c.SessionsPerBrowser, 1)
	c.MultiSessionInterval = cmp.Or(c.MultiSessionInterval, 2*time.Second)
	c.MaxSessions = cmp.Or(c.MaxSessions, 65536)
	c.MaxSubscriptions = cmp.Or(c.MaxSubscriptions, 1024)
	c.MaxMessageBytes = cmp.Or(c.MaxMessageBytes, 1<<20)
	c.MaxQueue = cmp.Or(c.MaxQueue, 8192)
	c.MaxQueueBytes = cmp.Or(c.MaxQueueBytes, 8<<20)
	for _, n := range []int64{int64(c.Interval), int64(c.MaxInterval), int64(c.MaxSessions), int64(c.MaxSubscriptions), c.MaxMessageBytes, int64(c.MaxQueue), int64(c.MaxQueueBytes)} {
		if n < 0 {
			return Config{}, fmt.Errorf("bayeux: a bound is negative: %d", n)
		}
	}
	if (c.Feed == nil) != (c.FeedPrefix == "") || c.FeedPrefix != "" && !ValidChannel(c.FeedPrefix+"x") {
		return Config{}, fmt.Errorf("bayeux: feed prefix %.40q: want a channel that ends in /, and a feed", c.FeedPrefix)
	}
	return c, nil
}

// Feed brings channels in from elsewhere.
type Feed interface {
	// Open begins to follow the channel of that name, its prefix taken off,
	// behind the position after ("" is from now on). wake says that there may
	// be something to take; it may be called on any goroutine and never blocks.
	// o is the observer of the request that subscribed, nil without one. An
	// error refuses the subscription.
	Open(name, after string, o Observer, wake func()) (Source, error)
}

// Source is one session's place in a channel of a Feed. Its methods are called
// serially and must not block.
type Source interface {
	// Position is where it was opened: what to give as after to get all that
	// came since.
	Position() string
	// Take returns the next messages, at most max, and moves behind them. over
	// says that none will ever follow.
	Take(max int) (items []Item, over bool)
	// Sent says that an item of its own was handed to the kernel, as so many
	// bytes. An item whose receipt was not acknowledged is sent again.
	Sent(it Item, bytes int)
	// Stop ends it. Only Sent may follow, for what was taken before.
	Stop()
}

// Item is one message of a Source.
type Item struct {
	ID   string // opaque; "" when it has none
	Data []byte // one JSON value, which the caller must not change
}
