package rocket

import (
	"encoding/json"
	"net/http"

	"github.com/cometbench/cometbench/reference"
)

// framer writes each object as a script of the iframe.
type framer struct{}

func (framer) Head() reference.Head {
	return reference.Head{Status: http.StatusOK, Header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"},
	}}
}

func (f framer) Open(dst []byte, hello reference.Control) []byte {
	return reference.AppendScript(dst, "rocket.connected", quoted(hello.Last))
}

func (framer) Message(dst []byte, m *reference.Message) []byte {
	return reference.AppendScript(dst, "rocket.payload", quoted(m.ID), m.Data)
}

func (framer) Control(dst []byte, c reference.Control) []byte {
	if c.Kind == reference.ControlGap {
		return reference.AppendScript(dst, "rocket.lost", c.AppendJSON(nil))
	}
	return reference.AppendScript(dst, "rocket.heartbeat")
}

func (framer) Close(dst []byte, c reference.Control) []byte {
	if c.Reason == reference.ReasonTerminated {
		return reference.AppendScript(dst, "rocket.terminated")
	}
	return reference.AppendScript(dst, "rocket.ended", quoted(c.Reason))
}

func (framer) SharingKey() string { return "rocket" }

func quoted(s string) []byte {
	b, _ := json.Marshal(s) // strings always can be
	return b
}
