package browsers

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// devtools turns events of the DevTools protocol into those of wire.go. It is
// used by the one goroutine that reads them.
type devtools struct {
	put     func(any)
	pending map[network.RequestID]*pending
}

// pending is what has to be kept of a request until it ends.
type pending struct {
	wall  float64 // seconds to add to the protocol's clock, which starts anywhere, to get Unix time
	error string  // of a web socket
}

func newDevtools(put func(any)) *devtools {
	return &devtools{put: put, pending: map[network.RequestID]*pending{}}
}

// at converts a time of the protocol to Unix microseconds.
func (p *pending) at(seconds float64) int64 { return int64((seconds + p.wall) * 1e6) }

func (d *devtools) take(ev any) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if p := d.pending[ev.RequestID]; p != nil { // redirected
			if ev.RedirectResponse != nil {
				a := p.answer(ev.RequestID, ev.RedirectResponse, ev.Timestamp)
				a.redirect = true
				d.put(a)
			}
			return
		}
		d.pending[ev.RequestID] = &pending{wall: float64(ev.WallTime.Float64()) - float64(ev.Timestamp)}
		d.put(asked{id: string(ev.RequestID), url: ev.Request.URL, document: ev.Type == network.ResourceTypeDocument})
	case *network.EventResponseReceived:
		if p := d.pending[ev.RequestID]; p != nil && ev.Response != nil {
			d.put(p.answer(ev.RequestID, ev.Response, ev.Timestamp))
		}
	case *network.EventDataReceived:
		if p := d.pending[ev.RequestID]; p != nil && ev.DataLength > 0 {
			d.put(came{id: string(ev.RequestID), at: p.at(float64(ev.Timestamp))})
		}
	case *network.EventEventSourceMessageReceived:
		if p := d.pending[ev.RequestID]; p != nil && ev.EventID != "" {
			d.put(came{id: string(ev.RequestID), at: p.at(float64(ev.Timestamp)), message: ev.EventID})
		}
	case *network.EventLoadingFinished:
		d.end(ev.RequestID, "")
	case *network.EventLoadingFailed:
		d.end(ev.RequestID, ev.ErrorText)
	default:
		d.socket(ev)
	}
}

// socket takes the events of web sockets.
func (d *devtools) socket(ev any) {
	switch ev := ev.(type) {
	case *network.EventWebSocketCreated:
		d.pending[ev.RequestID] = &pending{}
		d.put(asked{id: string(ev.RequestID), url: ev.URL, socket: true})
	case *network.EventWebSocketWillSendHandshakeRequest:
		if p := d.pending[ev.RequestID]; p != nil {
			p.wall = float64(ev.WallTime.Float64()) - float64(ev.Timestamp)
			d.put(dialled{id: string(ev.RequestID), at: p.at(float64(ev.Timestamp))})
		}
	case *network.EventWebSocketHandshakeResponseReceived:
		if p := d.pending[ev.RequestID]; p != nil && ev.Response != nil {
			d.shake(ev.RequestID, p, int(ev.Response.Status), ev.Timestamp)
		}
	case *network.EventWebSocketFrameReceived:
		var m struct{ ID string }
		if p := d.pending[ev.RequestID]; p != nil && ev.Response != nil && json.Unmarshal([]byte(ev.Response.PayloadData), &m) == nil && m.ID != "" {
			d.put(came{id: string(ev.RequestID), at: p.at(float64(ev.Timestamp)), message: m.ID})
		}
	case *network.EventWebSocketFrameError:
		if p := d.pending[ev.RequestID]; p != nil {
			p.error = ev.ErrorMessage
			if status := refusedStatus(ev.ErrorMessage); status != 0 {
				d.shake(ev.RequestID, p, status, ev.Timestamp)
			}
		}
	case *network.EventWebSocketClosed:
		if p := d.pending[ev.RequestID]; p != nil {
			d.end(ev.RequestID, p.error)
		}
	}
}

// shake is the answer to a handshake, of which the protocol tells little more
// than the status.
func (d *devtools) shake(id network.RequestID, p *pending, status int, t cdp.MonotonicTime) {
	d.put(answered{id: string(id), at: p.at(float64(t)), status: status, http: "1.1"})
}

func (d *devtools) end(id network.RequestID, text string) {
	delete(d.pending, id)
	d.put(ended{id: string(id), text: text, kind: chromiumEnd(text)})
}

// answer is a response head. Where the protocol tells, its time is when the
// network had it, not when the page was told.
func (p *pending) answer(id network.RequestID, r *network.Response, t cdp.MonotonicTime) answered {
	a := answered{
		id: string(id), at: p.at(float64(t)), status: int(r.Status), http: httpVersion(r.Protocol),
		contentType: header(r.Headers, "Content-Type"), encoding: header(r.Headers, "Content-Encoding"),
		conn: strconv.FormatFloat(r.ConnectionID, 'f', -1, 64), connected: p.at(float64(t)), reused: r.ConnectionReused,
	}
	if r.Timing == nil {
		a.reused = false
		return a
	}
	if r.Timing.ReceiveHeadersEnd > 0 {
		a.at = p.at(r.Timing.RequestTime + r.Timing.ReceiveHeadersEnd/1000)
	}
	switch {
	case r.ConnectionReused:
		a.connected = p.at(r.Timing.RequestTime)
	case r.Timing.ConnectEnd > 0:
		a.connected = p.at(r.Timing.RequestTime + r.Timing.ConnectEnd/1000)
	}
	return a
}

// unexpected is how the browser words a handshake that was answered with
// something else.
var unexpected = regexp.MustCompile(`Unexpected response code: (\d{3})`)

// refusedStatus finds the status in such a message, or 0.
func refusedStatus(message string) int {
	m := unexpected.FindStringSubmatch(message)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// netError finds the browser's name of a network error in a message.
var netError = regexp.MustCompile(`net::(ERR_\w+)`)

// chromiumEnd says how the wire ended, by the browser's words for it. "" where
// they do not tell.
func chromiumEnd(errorText string) measure.EndKind {
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
