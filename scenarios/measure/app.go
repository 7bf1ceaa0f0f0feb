package measure

// AppTechnique is the label of cells that measure somebody's own endpoint
// instead of the reference server.
const AppTechnique = "app"

// App is the row that stands for such an endpoint. It is no part of
// Techniques: nobody can ask for it without saying which endpoint is meant.
func App(framing string) Technique {
	t := Technique{Name: AppTechnique, Class: ClassStream, Accept: "*/*", HTTP: []string{"1.0", "1.1", "2"}}
	switch framing {
	case FramingSSE:
		t.Accept = "text/event-stream"
	case FramingWebSocket:
		t.Class, t.HTTP = ClassSocket, []string{"1.1"}
		t.HTTPNote = "a websocket is opened by the upgrade of HTTP/1.1 here"
	}
	return t
}

// The framings of a Stream.
const (
	FramingSSE       = "sse"       // text/event-stream: a message is the data of an event
	FramingNDJSON    = "ndjson"    // a message is a line, and each line is JSON
	FramingLines     = "lines"     // a message is a line that is not empty
	FramingWebSocket = "websocket" // a message is a text or binary message
	FramingRaw       = "raw"       // a message is what one read brings: the last resort
)

// Framings lists them.
func Framings() []string {
	return []string{FramingSSE, FramingNDJSON, FramingLines, FramingWebSocket, FramingRaw}
}

// Stream says how to read an endpoint that is not the reference server's.
type Stream struct {
	Framing  string // one of Framings; "" goes by the type of the answer
	Sequence string // JSON pointer to a number that counts up; "" has none
	Sent     string // JSON pointer to a send time: a Unix time in s, ms or µs, or RFC 3339; "" has none
	End      string // the message, or its `event:` type, that ends a stream well; "" has none
}
