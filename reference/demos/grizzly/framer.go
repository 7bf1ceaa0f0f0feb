package grizzly

import (
	"net/http"

	"github.com/cometbench/cometbench/reference"
)

// success is the body of every answer of the long poll.
const success = "success"

// headerFramer answers success, with the last payload in the header X-JSON.
type headerFramer struct{ payload []byte }

func (f *headerFramer) Head() reference.Head {
	h := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"}}
	if f.payload != nil {
		h.Set("X-JSON", string(f.payload))
	}
	return reference.Head{Status: http.StatusOK, Header: h}
}

func (f *headerFramer) Open(dst []byte, _ reference.Control) []byte { return append(dst, success...) }

func (f *headerFramer) Message(dst []byte, m *reference.Message) []byte {
	f.payload = m.Data
	return dst
}

func (f *headerFramer) Control(dst []byte, _ reference.Control) []byte { return dst }
func (f *headerFramer) Close(dst []byte, _ reference.Control) []byte   { return dst }
func (f *headerFramer) SharingKey() string                             { return "" }

// scriptFramer calls the parent of a hidden iframe.
type scriptFramer struct{}

func (scriptFramer) Head() reference.Head {
	return reference.Head{Status: http.StatusOK, Header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"},
	}}
}

func (scriptFramer) Open(dst []byte, _ reference.Control) []byte {
	return reference.AppendScript(dst, "counter.open")
}

func (scriptFramer) Message(dst []byte, m *reference.Message) []byte {
	return reference.AppendScript(dst, "counter.update", m.Data)
}

func (scriptFramer) Control(dst []byte, _ reference.Control) []byte {
	return reference.AppendScript(dst, "counter.alive")
}

func (scriptFramer) Close(dst []byte, _ reference.Control) []byte {
	return reference.AppendScript(dst, "counter.close")
}

func (scriptFramer) SharingKey() string { return "grizzly" }
