package ajp

import (
	"encoding/binary"
	"errors"
	"maps"
	"net/http"
	"slices"
)

// responseHeaders are the names that have codes, 0xA001 and on.
var responseHeaders = [...]string{
	1: "Content-Type", "Content-Language", "Content-Length", "Date", "Last-Modified", "Location", "Set-Cookie",
	"Set-Cookie2", "Servlet-Engine", "Status", "Www-Authenticate",
}

// begin and finish enclose a payload in a packet: begin leaves room for the
// length that finish fills in. start is where b stood before begin.
func begin(b []byte) []byte { return append(appendInteger(b, magicContainer), 0, 0) }

func finish(b []byte, start int) []byte {
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start-4))
	return b
}

var errHead = errors.New("ajp: the origin's head does not fit into a packet of 8 KB")

// appendSendHeaders appends the head of an answer. It fails when that does not
// fit into one packet, as AJP asks.
func appendSendHeaders(b []byte, status int, reason string, header http.Header) ([]byte, error) {
	start := len(b)
	b = append(begin(b), codeSendHeaders)
	b = appendText(appendInteger(b, status), reason)
	number := len(b)
	b = appendInteger(b, 0)
	count := 0
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			if code := slices.Index(responseHeaders[1:], name); code >= 0 {
				b = appendInteger(b, codedName+code+1)
			} else {
				b = appendText(b, name)
			}
			b = appendText(b, value)
			count++
		}
		if len(b)-start > maxPacket {
			return nil, errHead
		}
	}
	if len(b)-start > maxPacket {
		return nil, errHead
	}
	binary.BigEndian.PutUint16(b[number:], uint16(count))
	return finish(b, start), nil
}

// appendBodyChunk appends a piece of the body, of at most maxChunk bytes. The
// zero behind it is not counted. An empty one is a flush.
func appendBodyChunk(b, chunk []byte) []byte {
	start := len(b)
	b = append(begin(b), codeSendBodyChunk)
	b = append(appendInteger(b, len(chunk)), chunk...)
	return finish(append(b, 0), start)
}

// appendEndResponse appends the end of an answer; reuse says that the
// connection takes another request.
func appendEndResponse(b []byte, reuse bool) []byte {
	start := len(b)
	b = append(begin(b), codeEndResponse, 0)
	if reuse {
		b[len(b)-1] = 1
	}
	return finish(b, start)
}

// appendGetBodyChunk asks for so much of the request's body as fits into a
// packet.
func appendGetBodyChunk(b []byte) []byte {
	start := len(b)
	return finish(appendInteger(append(begin(b), codeGetBodyChunk), maxBodyChunk), start)
}

func appendCPong(b []byte) []byte {
	start := len(b)
	return finish(append(begin(b), codeCPong), start)
}
