package clients

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestForeignAnswers: how the client tells of answers of somebody's own.
func TestForeignAnswers(t *testing.T) {
	const (
		sse     = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
		lines   = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
		closed  = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
		refused = "HTTP/1.1 302 Found\r\nLocation: https://login.example/?next=x\r\nContent-Length: 0\r\n\r\n"
	)
	for _, c := range []struct {
		name, answer string
		stream       measure.Stream
		want         []string
	}{
		{"whole", sse + chunkOf("data: a\n\n") + "0\r\n\r\n", measure.Stream{}, []string{"headers 200 HTTP/1.1 text/event-stream", "message 1", "end clean"}},
		{"the mark, then the close", sse + chunkOf("data: a\n\ndata: bye\n\n"), measure.Stream{End: "bye"}, []string{"headers 200 HTTP/1.1 text/event-stream", "message 1", "end clean bye"}},
		{"cut between messages", sse + chunkOf("data: a\n\n"), measure.Stream{}, []string{"headers 200 HTTP/1.1 text/event-stream", "message 1", "error answer cut in the middle after 9 bytes: unexpected EOF", "end fin"}},
		{"cut in a message", sse + chunkOf("data: a\n\ndata: b\n"), measure.Stream{}, []string{"headers 200 HTTP/1.1 text/event-stream", "message 1", "error answer cut in the middle after 17 bytes: unexpected EOF", "error ended within a message, after 2 bytes of an event", "end fin"}},
		{"cut in a line that could be whole", lines + chunkOf("one\ntw"), measure.Stream{}, []string{"headers 200 HTTP/1.1 text/plain", "message 1", "error answer cut in the middle after 6 bytes: unexpected EOF", "error ended within a message, after 2 bytes", "end fin"}},
		{"a last line without its end", lines + chunkOf("one\ntwo") + "0\r\n\r\n", measure.Stream{}, []string{"headers 200 HTTP/1.1 text/plain", "message 1", "message 2", "end clean"}},
		{"ended by the close", closed + "one\n", measure.Stream{}, []string{"headers 200 HTTP/1.0 text/plain", "message 1", "end fin"}},
		{"a redirect is an answer", refused, measure.Stream{}, []string{"headers 302 HTTP/1.1", "error status 302 Found: to https://login.example/?next=x", "end status"}},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", measure.Stream{}, []string{"headers 204 HTTP/1.1", "end status terminated"}},
		{"a status of its own", "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\na\n", measure.Stream{}, []string{"headers 201 HTTP/1.1 text/plain", "message 1", "end clean"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := at(measure.AppTechnique, rawOrigin(t, func(_ *http.Request, conn net.Conn) { _, _ = io.WriteString(conn, c.answer) }))
			s.Stream = &c.stream
			want(t, receive(t, s, nil), append([]string{"dial #1"}, c.want...)...)
		})
	}
}
