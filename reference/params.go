package reference

import "time"

// SlowPolicy says what happens to a subscriber that reads slower than messages
// come.
type SlowPolicy string

// The slow policies.
const (
	SlowDisconnect SlowPolicy = "disconnect" // end it with reason slow
	SlowDrop       SlowPolicy = "drop"       // leave messages out and say so with a gap notice
	SlowWait       SlowPolicy = "wait"       // keep up as the window allows
)

// Params are the parsed subscribe options of one request. DefaultParams has
// the defaults; Options documents each.
type Params struct {
	After        string
	Heartbeat    time.Duration
	Hello        time.Duration // from the head to the first byte of a stream's body
	Prelude      int           // bytes
	Padding      int           // bytes, least size of a message frame
	RecycleBytes int64
	RecycleAfter time.Duration
	Hold         time.Duration
	Interval     time.Duration
	Retry        time.Duration
	CloseAfter   time.Duration
	Length       int64 // bytes
	Limit        int   // messages
	Callback     string
	Subtype      string // of multipart
	Framing      string // of fetch-streaming: "lines" or "binary"
	Type         string // "" is the technique's own
	Charset      string // "" is the technique's own
	Nosniff      string // "" is the technique's own, else "0" or "1"
	AccelOff     bool   // send X-Accel-Buffering: no
	NoTransform  bool
	Gzip         bool
	Flush        bool // after each message
	Slow         SlowPolicy
	Echo         bool   // hand a cookie and the probe back, and note what arrived
	Fail         string // how to fail instead; "" is to serve
	Break        int    // message in whose middle the stream is broken off, 0 is none
	Status       int    // answered instead of a subscription, 0 is none
	Interim      time.Duration
	KeepAlive    time.Duration
	UserTimeout  time.Duration
	Nonce        string
}

// DefaultParams are the options of a request that names none.
func DefaultParams() Params {
	return Params{
		Heartbeat: 25 * time.Second, RecycleBytes: 65536, RecycleAfter: 60 * time.Second, Hold: 25 * time.Second,
		Retry: time.Second, CloseAfter: 500 * time.Millisecond, Length: 50_000_000,
		Subtype: "x-mixed-replace", Framing: "lines", Flush: true, Slow: SlowDisconnect,
	}
}
