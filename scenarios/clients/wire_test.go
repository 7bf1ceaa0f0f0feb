package clients

import (
	"net"
	"net/http"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Every byte of a connection is counted, the heads' included.
func TestWireIsCounted(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + msg1 + "\n"
	var asked int
	s := at("xhr-streaming", rawOrigin(t, func(req *http.Request, c net.Conn) {
		for name, values := range req.Header {
			asked += len(name) + len(values[0]) // at least
		}
		_, _ = c.Write([]byte(answer))
	}))
	s.Wire = new(measure.Wire)
	receive(t, s, nil)
	if in := s.Wire.In.Load(); in != int64(len(answer)) {
		t.Errorf("%d bytes in, want %d", in, len(answer))
	}
	if out := s.Wire.Out.Load(); out <= int64(asked) {
		t.Errorf("%d bytes out, want more than %d", out, asked)
	}
}
