package browsers

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// exchange is one subscribe request as the browser's network saw it.
type exchange struct {
	number    int     // as the page counts
	wall      float64 // seconds to add to the protocol's clock to get Unix time
	conn      int
	status    int // 0 until there is a response head
	socket    bool
	closed    bool
	closedAt  time.Time
	cut       bool   // the page was told that it is over
	errorText string // net::ERR_…, once closed; "" for a proper end
}

// at converts a time of the protocol to microseconds since the Unix epoch. The
// protocol's clock starts anywhere; requests carry both.
func (x *exchange) at(seconds float64) int64 { return int64((seconds + x.wall) * 1e6) }

// stamp is at for the type that events carry.
func (x *exchange) stamp(t cdp.MonotonicTime) int64 { return x.at(float64(t)) }

// accepted reports whether the response was a subscription.
func (x *exchange) accepted() bool {
	if x.socket {
		return x.status == http.StatusSwitchingProtocols
	}
	return x.status == http.StatusOK
}

// gone reports whether the origin said that there is nothing to come back for.
func (x *exchange) gone() bool {
	return x.status == http.StatusNoContent || x.status == http.StatusGone
}

// headers is the event for a response head. Where the protocol tells, its time
// is when the network had it, not when the page was told.
func (x *exchange) headers(r *network.Response, t cdp.MonotonicTime) measure.Event {
	e := measure.Event{
		Kind: measure.Headers, T: x.stamp(t), Conn: x.conn,
		Status: int(r.Status), HTTP: httpVersion(r.Protocol),
		ContentType: header(r.Headers, "Content-Type"), Encoding: header(r.Headers, "Content-Encoding"),
	}
	if r.Timing != nil && r.Timing.ReceiveHeadersEnd > 0 {
		e.T = x.at(r.Timing.RequestTime + r.Timing.ReceiveHeadersEnd/1000)
	}
	return e
}

// dial is the event for the connection that carries the exchange, when this
// is the first one to use it.
func (x *exchange) dial(r *network.Response, t cdp.MonotonicTime) measure.Event {
	e := measure.Event{Kind: measure.Dial, T: x.stamp(t), Conn: x.conn}
	switch {
	case r.Timing == nil:
	case r.ConnectionReused:
		e.T = x.at(r.Timing.RequestTime)
		e.Note = "opened before, for the page"
	case r.Timing.ConnectEnd > 0:
		e.T = x.at(r.Timing.RequestTime + r.Timing.ConnectEnd/1000)
	}
	return e
}

// netError finds the browser's name of a network error in a message.
var netError = regexp.MustCompile(`net::(ERR_\w+)`)

// endKind says how the wire ended, by the browser's words for it. "" where
// they do not tell.
func endKind(errorText string) measure.EndKind {
	if errorText == "" {
		return measure.EndClean
	}
	if errorText == "Connection closed before receiving a handshake response" {
		return measure.EndFIN
	}
	match := netError.FindStringSubmatch(errorText)
	if match == nil {
		return ""
	}
	switch name := match[1]; name {
	case "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONTENT_LENGTH_MISMATCH", "ERR_CONNECTION_CLOSED",
		"ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_HTTP2_HEADERS":
		return measure.EndFIN
	case "ERR_CONNECTION_RESET", "ERR_CONNECTION_ABORTED", "ERR_SOCKET_NOT_CONNECTED":
		return measure.EndRST
	case "ERR_TIMED_OUT", "ERR_NETWORK_IO_SUSPENDED":
		return measure.EndSilence
	default:
		if strings.HasPrefix(name, "ERR_HTTP2_") {
			return measure.EndRST
		}
		return ""
	}
}

// httpVersion turns the browser's protocol name into that of measure.
func httpVersion(protocol string) string {
	switch protocol {
	case "h2":
		return "2"
	case "h3":
		return "3"
	}
	return strings.TrimPrefix(strings.ToLower(protocol), "http/")
}

// header finds a field, whose names come as the server wrote them.
func header(h network.Headers, name string) string {
	for k, v := range h {
		if strings.EqualFold(k, name) {
			s, _ := v.(string)
			return s
		}
	}
	return ""
}
