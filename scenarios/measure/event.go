package measure

import "slices"

// Sides of a path that report events.
const (
	SideClient = "client"
	SideOrigin = "origin"
	SideProxy  = "proxy"
)

// EventKind is what happened. The table is closed (WIRE.md, Events).
type EventKind string

// The event kinds. The client's: dial, headers, prelude, message, heartbeat,
// gap, end, error, reconnect, and write when it sends something up. The
// origin's: headers, write, publish, abort-noticed, and heartbeat, gap, end when
// it sends them, message when something came up.
const (
	Dial         EventKind = "dial"          // a connection was opened (client) or accepted (proxy)
	Headers      EventKind = "headers"       // client: a response head was read; origin: a subscribe request was accepted
	Prelude      EventKind = "prelude"       // the first notice of a stream (hello) was parsed; ID is the position to resume from
	Received     EventKind = "message"       // client: a whole message was parsed; ID and Bytes (of its data) are set; origin: a socket's frame or a piece of a request's body came up
	Heartbeat    EventKind = "heartbeat"     // a heartbeat was parsed or sent
	Gap          EventKind = "gap"           // a gap notice; ID is the next message's id, Note says missed=N
	End          EventKind = "end"           // an exchange ended; Note is the end notice's reason, EndKind how the wire ended
	Failed       EventKind = "error"         // dialling, writing or parsing failed; Note says what
	Reconnect    EventKind = "reconnect"     // the client comes back; Note says after what
	Write        EventKind = "write"         // origin: a message of this subscriber was handed to the kernel; client: a socket's frame or a piece of a request's body was sent up
	Publish      EventKind = "publish"       // the hub accepted a message
	AbortNoticed EventKind = "abort-noticed" // the origin learned that its peer went away
)

// EventKinds returns the closed table in wire order.
func EventKinds() []EventKind {
	return []EventKind{Dial, Headers, Prelude, Received, Heartbeat, Gap, End, Failed, Reconnect, Write, Publish, AbortNoticed}
}

// Known reports whether k is in the closed table.
func (k EventKind) Known() bool { return slices.Contains(EventKinds(), k) }

// EndKind says how an exchange ended on the wire.
type EndKind string

// The end kinds. Clean: the framing ended, or an end notice came before the
// close. Silence: nothing came any more, and nobody closed.
const (
	EndClean   EndKind = "clean"
	EndFIN     EndKind = "fin"
	EndRST     EndKind = "rst"
	EndStatus  EndKind = "status"
	EndSilence EndKind = "silence"
)

// Event is one observation at one end of the path: a line of a timeline file.
type Event struct {
	Cell  string    `json:"cell,omitempty"`
	Trial string    `json:"trial,omitempty"` // which of the cell's exchanges it belongs to: steady, burst, silence ...
	Side  string    `json:"side"`
	Clock string    `json:"clock,omitempty"`
	Kind  EventKind `json:"kind"`
	ID    string    `json:"id,omitempty"` // message id or resume position
	// T is in microseconds. While a run lasts it is Unix time on the source's
	// clock; in a timeline file it counts from the cell's started_us.
	T     int64  `json:"t_us"`
	Bytes int    `json:"bytes,omitempty"`
	Conn  int    `json:"conn,omitempty"` // numbers connections from 1, never a label
	Note  string `json:"note,omitempty"`

	// Sum tells a message's data from altered data: see SumJSON and SumBytes.
	// "" on events of other kinds, and where the data is not at hand.
	Sum string `json:"sum,omitempty"`

	// HeldUS is how long, in microseconds, a browser had a message before its
	// page did, by the word of its own network; at least 1, and 0 where it does
	// not tell.
	HeldUS int64 `json:"held_us,omitempty"`

	Seq    *int64 `json:"seq,omitempty"`     // client, application: the message's own number
	SentUS int64  `json:"sent_us,omitempty"` // client, application: when it says it was sent, Unix microseconds of its clock

	Status      int     `json:"status,omitempty"`       // headers: the response status
	HTTP        string  `json:"http,omitempty"`         // headers: protocol version as seen on this side, "1.0", "1.1", "2"
	Method      string  `json:"method,omitempty"`       // origin headers: the request's method
	ContentType string  `json:"content_type,omitempty"` // client headers
	Encoding    string  `json:"encoding,omitempty"`     // client headers: Content-Encoding
	Fields      string  `json:"fields,omitempty"`       // headers: names of the header fields, sorted, comma-separated; client: of the answer; origin: of a request that asked for it
	Cert        string  `json:"cert,omitempty"`         // client headers, and errors about it: SHA-256 of the certificate that was shown, in hex; "" without TLS
	EndKind     EndKind `json:"end_kind,omitempty"`     // end
	Sub         int     `json:"sub,omitempty"`          // origin: numbers the subscribe requests of a channel from 1

	// Closes says of a client's response head that nothing but the connection's
	// close ends the body, so that a cut looks like an end.
	Closes bool `json:"closes,omitempty"`

	// StreamReset says of an end by reset, over HTTP/2, that the far end reset
	// this stream alone and kept the connection.
	StreamReset bool `json:"stream_reset,omitempty"`
}
