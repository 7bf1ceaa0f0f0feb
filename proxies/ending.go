package proxies

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strings"
)

// How a fault ends an exchange. Each word says what the client sees. Over
// HTTP/2 fin is a reset of the stream (RST_STREAM, INTERNAL_ERROR), which the
// connection's other streams survive, and rst a reset of the connection with
// all of them.
const (
	endStatus  = "504"     // 504 before the head, as fin after it
	endFin     = "fin"     // the connection is closed, no final chunk
	endRst     = "rst"     // the connection is reset
	endClean   = "clean"   // the framing ends as if all were well
	endSilence = "silence" // the client's side stays open, nothing more comes
)

func endWords() []string { return []string{endStatus, endFin, endRst, endClean, endSilence} }

// CutError ends an exchange towards the client in one of the ways that the end
// parameter of limits names: "fin", "rst" or "silence". Over HTTP/2 fin resets
// the stream, rst the connection.
type CutError struct {
	End    string
	Reason string
}

func (e *CutError) Error() string { return e.Reason + " (" + e.End + ")" }

// errClientGone is the cause when a client leaves before the end.
var errClientGone = errors.New("the client went away")

// reset closes c so that the peer sees a reset instead of a proper end.
func reset(c net.Conn) {
	var below net.Conn // TLS, which would take its leave properly
	for inner := range layers(c) {
		if t, ok := inner.(*tls.Conn); ok {
			below = t.NetConn()
		}
		if l, ok := inner.(interface{ SetLinger(sec int) error }); ok {
			_ = l.SetLinger(0) // best effort: a plain close is what is left
			break
		}
	}
	if below != nil {
		_ = below.Close()
	}
	_ = c.Close()
}

// layers are c and the connections that it wraps, outermost first.
func layers(c net.Conn) iter.Seq[net.Conn] {
	return func(yield func(net.Conn) bool) {
		for c != nil && yield(c) {
			u, ok := c.(interface{ NetConn() net.Conn })
			if !ok {
				return
			}
			c = u.NetConn()
		}
	}
}

// closeWrite ends one direction of c, or both where it cannot do half.
func closeWrite(c net.Conn) {
	for inner := range layers(c) {
		if w, ok := inner.(interface{ CloseWrite() error }); ok {
			if w.CloseWrite() == nil {
				return
			}
			break
		}
	}
	_ = c.Close()
}

// ownAnswer is a response that the proxy itself gives, in one line of text.
func ownAnswer(r *http.Request, status int, text string) *http.Response {
	return ownPage(r, status, "text/plain; charset=utf-8", text+"\n")
}

// emptyAnswer is one that has no body by its status.
func emptyAnswer(r *http.Request, status int) *http.Response {
	resp := ownPage(r, status, "", "")
	resp.Header = http.Header{}
	return resp
}

func ownPage(r *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", status, http.StatusText(status)),
		StatusCode: status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type":   {contentType},
			"Content-Length": {fmt.Sprint(len(body))},
		},
		ContentLength: int64(len(body)),
		Body:          &textBody{Reader: strings.NewReader(body)},
		Request:       r,
	}
}

type textBody struct{ *strings.Reader }

func (*textBody) Close() error { return nil }

// plainAnswer writes an answer of the proxy's own where no exchange exists.
func plainAnswer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, oneLine(text)+"\n")
}

// oneLine makes text fit for a one-line answer.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	const most = 300
	if len(text) > most {
		text = text[:most]
	}
	return text
}
