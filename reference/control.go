package reference

import "strconv"

// The kinds of control messages (WIRE.md, Messages).
const (
	ControlHello     = "hello"     // first on a stream
	ControlHeartbeat = "heartbeat" // the stream is alive
	ControlGap       = "gap"       // messages are missing here
	ControlEnd       = "end"       // last on a stream that the origin ends
)

// The reasons of an end notice. After ReasonTerminated a client does not come
// back, after the others it does.
const (
	ReasonRecycleBytes = "recycle-bytes"
	ReasonRecycleTime  = "recycle-time"
	ReasonShutdown     = "shutdown"
	ReasonTerminated   = "terminated"
	ReasonLimit        = "limit"
	ReasonEarlyClose   = "early-close"
	ReasonSlow         = "slow"
)

// ReasonAnswered ends a poll. It is in the record and in [Ending], never on
// the wire.
const ReasonAnswered = "answered"

// Control is a message of the server itself. It has no id. Which fields count
// depends on Kind; the zero Control is none.
type Control struct {
	Kind    string // hello, heartbeat, gap or end
	Epoch   string // hello
	Last    string // hello: the position to resume from if nothing else arrives
	AtUS    int64  // hello, heartbeat: Unix microseconds
	Missed  uint64 // gap: how many messages are missing
	Unknown bool   // gap: nobody knows how many (missed is null)
	Next    string // gap: id of the next message, even before it exists
	Reason  string // end
	RetryMS int64  // end: when to come back, milliseconds
}

// AppendJSON appends the control message as one JSON object on one line,
// without the line end.
func (c Control) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"control":`...)
	dst = appendJSONString(dst, c.Kind)
	switch c.Kind {
	case ControlHello:
		dst = appendJSONString(append(dst, `,"epoch":`...), c.Epoch)
		dst = appendJSONString(append(dst, `,"last":`...), c.Last)
		dst = strconv.AppendInt(append(dst, `,"at_us":`...), c.AtUS, 10)
	case ControlHeartbeat:
		dst = strconv.AppendInt(append(dst, `,"at_us":`...), c.AtUS, 10)
	case ControlGap:
		dst = append(dst, `,"missed":`...)
		if c.Unknown {
			dst = append(dst, "null"...)
		} else {
			dst = strconv.AppendUint(dst, c.Missed, 10)
		}
		dst = appendJSONString(append(dst, `,"next":`...), c.Next)
	case ControlEnd:
		dst = appendJSONString(append(dst, `,"reason":`...), c.Reason)
		dst = strconv.AppendInt(append(dst, `,"retry_ms":`...), c.RetryMS, 10)
	}
	return append(dst, '}')
}
