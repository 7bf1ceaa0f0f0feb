package measure

import "slices"

// Class says how a technique holds its connection.
type Class string

// The classes of techniques.
const (
	ClassPoll   Class = "poll"   // each request is answered at once
	ClassHeld   Class = "held"   // each request is held until there is something to say
	ClassStream Class = "stream" // one answer carries many messages
	ClassSocket Class = "socket" // both ways, after an upgrade
)

// Technique is what a receiver must know of a way to push: the row of the
// closed table, not its implementation.
type Technique struct {
	Name       string
	Class      Class
	EndsItself bool   // each answer of the stream ends soon: to receive is to come back
	Default    bool   // part of the matrix when nobody names techniques
	Callback   bool   // needs the option callback=NAME
	Method     string // what a Target without a method is asked with; "" is GET
	Accept     string // what a browser sends for it
	Type       string // media type the origin answers with; "" for sockets
}

// Techniques returns the closed table of the techniques that clients here can
// receive by, in the order of WIRE.md.
func Techniques() []Technique {
	const any = "*/*"
	const page = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	return []Technique{
		{Name: "short-poll", Class: ClassPoll, Default: true, Accept: any, Type: "application/json"},
		{Name: "piggyback", Class: ClassPoll, Method: "POST", Accept: any, Type: "application/json"},
		{Name: "long-poll", Class: ClassHeld, Default: true, Accept: any, Type: "application/json"},
		{Name: "callback-poll", Class: ClassHeld, Default: true, Callback: true, Accept: any, Type: "application/javascript"},
		{Name: "early-close", Class: ClassStream, EndsItself: true, Accept: any, Type: "text/plain"},
		{Name: "xhr-streaming", Class: ClassStream, Default: true, Accept: any, Type: "text/plain"},
		{Name: "fetch-streaming", Class: ClassStream, Accept: any, Type: "application/x-ndjson"},
		{Name: "forever-iframe", Class: ClassStream, Default: true, Accept: page, Type: "text/html"},
		{Name: "forever-iframe-text", Class: ClassStream, Accept: page, Type: "text/plain"},
		{Name: "htmlfile", Class: ClassStream, Callback: true, Accept: page, Type: "text/html"},
		{Name: "multipart", Class: ClassStream, Default: true, Accept: any, Type: "multipart/x-mixed-replace"},
		{Name: "eventsource", Class: ClassStream, Default: true, Accept: "text/event-stream", Type: "text/event-stream"},
		{Name: "content-length-stream", Class: ClassStream, Accept: any, Type: "application/octet-stream"},
		{Name: "websocket", Class: ClassSocket, Default: true},
	}
}

// TechniqueByName finds a row of the table.
func TechniqueByName(name string) (Technique, bool) {
	all := Techniques()
	i := slices.IndexFunc(all, func(t Technique) bool { return t.Name == name })
	if i < 0 {
		return Technique{}, false
	}
	return all[i], true
}

// Polls reports whether each message travels in an answer that ends.
func (t Technique) Polls() bool { return t.Class == ClassPoll || t.Class == ClassHeld }
