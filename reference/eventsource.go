package reference

import (
	"net/http"
	"strconv"
)

// eventSource is the event stream of the HTML standard.
type eventSource struct{}

func (eventSource) Name() string { return "eventsource" }

func (eventSource) Info() Info {
	return Info{
		Class: Stream, Family: "eventsource", Methods: []string{http.MethodGet, http.MethodPost}, HTTP: HTTPVersions(), Variants: []string{"POST"},
		Summary: "The browser's own event stream: it reads, reconnects and resumes by itself.",
	}
}

func (eventSource) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	p := &sub.Params
	return &eventFramer{
		head: newHead(p, habits{media: "text/event-stream"}), prelude: p.Prelude, padding: p.Padding,
		retryMS: p.Retry.Milliseconds(),
	}, nil
}

type eventFramer struct {
	head    Head
	prelude int
	padding int
	retryMS int64
}

func (f *eventFramer) Head() Head { return f.head }

func (f *eventFramer) Open(dst []byte, hello Control) []byte {
	if f.prelude > 1 { // a comment; one byte has only room for the line end
		dst = append(appendSpaces(append(dst, ':'), f.prelude-2), '\n')
	} else {
		dst = appendPrelude(dst, f.prelude)
	}
	dst = strconv.AppendInt(append(dst, "retry: "...), f.retryMS, 10)
	dst = f.control(append(dst, '\n'), hello)
	dst = append(append(dst, "id: "...), hello.Last...)
	return append(dst, "\n\n"...)
}

// Message puts the data first: clients that take the id as soon as they read
// it would lose a message that is cut in between.
func (f *eventFramer) Message(dst []byte, m *Message) []byte {
	const id, end = "\nid: ", "\n\n"
	start := len(dst)
	dst = append(append(dst, "data: "...), m.JSON()...)
	dst = appendPadding(dst, start, len(id)+len(m.ID)+len(end), f.padding)
	return append(append(append(dst, id...), m.ID...), end...)
}

func (f *eventFramer) Control(dst []byte, c Control) []byte {
	if c.Kind == ControlHeartbeat {
		return append(dst, ": heartbeat\n\n"...)
	}
	return append(f.control(dst, c), '\n')
}

func (f *eventFramer) Close(dst []byte, c Control) []byte { return f.Control(dst, c) }

func (f *eventFramer) SharingKey() string { return "event/" + strconv.Itoa(f.padding) }

func (f *eventFramer) control(dst []byte, c Control) []byte {
	return append(c.AppendJSON(append(dst, "event: control\ndata: "...)), '\n')
}
