package dwr

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/cometbench/cometbench/reference"
)

// Marks around each piece. The page runs what stands between them.
const (
	prefix = "//#DWR-PREFIX#\n"
	start  = "//#DWR-START#\n"
	end    = "\n//#DWR-END#\n"
)

// framer writes calls as pieces of a script.
type framer struct {
	batch        string
	reply        []byte        // JSON that answers the page's own call; nil when it polls
	disconnected time.Duration // when to come back
}

func (framer) Head() reference.Head {
	return reference.Head{Status: http.StatusOK, Header: http.Header{
		"Content-Type": {"text/javascript; charset=utf-8"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"},
	}}
}

// Open writes the prefix, which is flushed before any data.
func (framer) Open(dst []byte, _ reference.Control) []byte { return append(dst, prefix...) }

func (framer) Message(dst []byte, m *reference.Message) []byte {
	return piece(dst, "call", strconv.AppendUint(nil, m.Seq-1, 10), m.Data)
}

func (framer) Control(dst []byte, c reference.Control) []byte {
	if c.Kind == reference.ControlGap {
		return piece(dst, "lost", c.AppendJSON(nil))
	}
	return append(dst, "//#DWR-ALIVE#\n"...)
}

// Close answers the page's call, and says when to come back.
func (f framer) Close(dst []byte, _ reference.Control) []byte {
	reply := f.reply
	if reply == nil {
		reply = strconv.AppendInt(nil, f.disconnected.Milliseconds(), 10)
	}
	return piece(dst, "handleCallback", quoted(f.batch), reply)
}

func (framer) SharingKey() string { return "dwr" }

func piece(dst []byte, function string, args ...[]byte) []byte {
	dst = append(append(append(dst, start...), "dwr.engine.remote."...), function...)
	for i, arg := range args {
		dst = append(dst, "(,"[min(i, 1)])
		dst = append(dst, arg...)
	}
	return append(append(dst, ')'), end...)
}

func quoted(s string) []byte {
	b, _ := json.Marshal(s) // strings always can be
	return b
}
