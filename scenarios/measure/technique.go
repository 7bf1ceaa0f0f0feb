package measure

import (
	"fmt"
	"slices"
)

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

	// Session names the protocol of a technique of which one subscription is a
	// session of many requests; "" where one request is one subscription.
	// Questions that a request of one's own answers are not asked of it.
	Session string
	Demo    bool // a row of Demos: a page in use, not a way to subscribe

	HTTP     []string // HTTP versions it can be received over, as Target.HTTP writes them
	HTTPNote string   // why the other versions are none of its own; "" when it has all
	Variants []string // names of Variants, beside the plain way to ask
}

// Techniques returns the closed table of the techniques that clients here can
// receive by, in the order of WIRE.md.
func Techniques() []Technique {
	const any = "*/*"
	const page = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	all := func() []string { return []string{"1.0", "1.1", "2", "3"} }
	return []Technique{
		{Name: "short-poll", Class: ClassPoll, Default: true, Accept: any, Type: "application/json", HTTP: all()},
		{Name: "piggyback", Class: ClassPoll, Method: "POST", Accept: any, Type: "application/json", HTTP: all()},
		{Name: "long-poll", Class: ClassHeld, Default: true, Accept: any, Type: "application/json", HTTP: all(),
			Variants: []string{"post"}},
		{Name: "callback-poll", Class: ClassHeld, Default: true, Callback: true, Accept: any, Type: "application/javascript", HTTP: all()},
		{Name: "early-close", Class: ClassStream, EndsItself: true, Accept: any, Type: "text/plain", HTTP: all(),
			Variants: []string{"post"}},
		{Name: "xhr-streaming", Class: ClassStream, Default: true, Accept: any, Type: "text/plain", HTTP: all(),
			Variants: []string{"post", "prelude4096"}},
		{Name: "fetch-streaming", Class: ClassStream, Accept: any, Type: "application/x-ndjson", HTTP: all(),
			Variants: []string{"post", "binary"}},
		{Name: "forever-iframe", Class: ClassStream, Default: true, Accept: page, Type: "text/html", HTTP: all(),
			Variants: []string{"post", "prelude4096"}},
		{Name: "forever-iframe-text", Class: ClassStream, Accept: page, Type: "text/plain", HTTP: all(),
			Variants: []string{"prelude4096"}},
		{Name: "htmlfile", Class: ClassStream, Callback: true, Accept: page, Type: "text/html", HTTP: all()},
		{Name: "multipart", Class: ClassStream, Default: true, Accept: any, Type: "multipart/x-mixed-replace", HTTP: all(),
			Variants: []string{"mixed"}},
		{Name: "eventsource", Class: ClassStream, Default: true, Accept: "text/event-stream", Type: "text/event-stream", HTTP: all(),
			Variants: []string{"post"}},
		{Name: "content-length-stream", Class: ClassStream, Accept: any, Type: "application/octet-stream", HTTP: all()},
		{Name: "websocket", Class: ClassSocket, Default: true, HTTP: []string{"1.1"},
			HTTPNote: "a websocket is opened by the upgrade of HTTP/1.1 here; the extended CONNECT of RFC 8441 and RFC 9220 is not carried by the websocket library (coder/websocket) on either side"},
		{Name: "webtransport", Class: ClassSocket, HTTP: []string{"3"},
			HTTPNote: "webtransport is an extended CONNECT over HTTP/3; its form over HTTP/2 is a draft that no library here speaks"},
		{Name: "bayeux-long-polling", Class: ClassHeld, Session: "bayeux", Method: "POST", Accept: any, Type: "application/json", HTTP: all()},
		{Name: "bayeux-callback-polling", Class: ClassHeld, Session: "bayeux", Accept: any, Type: "text/javascript", HTTP: all()},
		{Name: "bayeux-websocket", Class: ClassSocket, Session: "bayeux", HTTP: []string{"1.1"},
			HTTPNote: "a websocket is opened by the upgrade of HTTP/1.1 here; the extended CONNECT of RFC 8441 and RFC 9220 is not carried by the websocket library (coder/websocket) on either side"},
		{Name: "sockjs-xhr", Class: ClassHeld, Session: "sockjs", Method: "POST", Accept: any, Type: "application/javascript", HTTP: all()},
		{Name: "sockjs-xhr-streaming", Class: ClassStream, Session: "sockjs", Method: "POST", Accept: any, Type: "application/javascript", HTTP: all()},
		{Name: "sockjs-eventsource", Class: ClassStream, Session: "sockjs", Accept: "text/event-stream", Type: "text/event-stream", HTTP: all()},
		{Name: "sockjs-htmlfile", Class: ClassStream, Session: "sockjs", Accept: page, Type: "text/html", HTTP: all()},
		{Name: "sockjs-jsonp", Class: ClassHeld, Session: "sockjs", Accept: any, Type: "application/javascript", HTTP: all()},
		{Name: "sockjs-websocket", Class: ClassSocket, Session: "sockjs", HTTP: []string{"1.1"},
			HTTPNote: "it is a websocket, which is opened by the upgrade of HTTP/1.1 here"},
	}
}

// TechniqueByName finds a row of the table, or a demo.
func TechniqueByName(name string) (Technique, bool) {
	all := append(Techniques(), Demos()...)
	i := slices.IndexFunc(all, func(t Technique) bool { return t.Name == name })
	if i < 0 {
		return Technique{}, false
	}
	return all[i], true
}

// Polls reports whether each message travels in an answer that ends.
func (t Technique) Polls() bool { return t.Class == ClassPoll || t.Class == ClassHeld }

// Speaks reports whether t can be received over an HTTP version; "" is 1.1.
func (t Technique) Speaks(version string) bool {
	if version == "" {
		version = "1.1"
	}
	return slices.Contains(t.HTTP, version)
}

// As returns the row as one of its variants alters it: another method, another
// type of the answer. The empty variant is the row itself. It fails for a
// variant that t does not have.
func (t Technique) As(variant string) (Technique, error) {
	if variant == "" {
		return t, nil
	}
	v, ok := VariantByName(variant)
	if !ok || !slices.Contains(t.Variants, variant) {
		return t, fmt.Errorf("technique %s has no variant %q", t.Name, variant)
	}
	if v.Method != "" {
		t.Method = v.Method
	}
	if v.Type != "" {
		t.Type = v.Type
	}
	return t, nil
}
