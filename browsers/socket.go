package browsers

import (
	"regexp"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// socket takes the protocol's events of web sockets. They name no connection:
// every socket has one of its own.
func (f *feed) socket(ev any, now time.Time) {
	switch ev := ev.(type) {
	case *network.EventWebSocketCreated:
		if x := f.open(ev.RequestID, ev.URL); x != nil {
			x.socket = true
		}
	case *network.EventWebSocketWillSendHandshakeRequest:
		x := f.byRequest[ev.RequestID]
		if x == nil {
			return
		}
		x.wall = float64(ev.WallTime.Float64()) - float64(ev.Timestamp)
		f.connCount++
		x.conn = f.connCount
		f.insert(x.number, &measure.Event{Kind: measure.Dial, T: x.stamp(ev.Timestamp), Conn: x.conn})
	case *network.EventWebSocketHandshakeResponseReceived:
		x := f.byRequest[ev.RequestID]
		if x == nil || ev.Response == nil || x.status != 0 {
			return
		}
		f.answered(x, int(ev.Response.Status), ev.Timestamp)
	case *network.EventWebSocketFrameError:
		x := f.byRequest[ev.RequestID]
		if x == nil {
			return
		}
		x.errorText = ev.ErrorMessage
		if status := refusedStatus(ev.ErrorMessage); status != 0 && x.status == 0 {
			f.answered(x, status, ev.Timestamp)
		}
	case *network.EventWebSocketClosed:
		if x := f.byRequest[ev.RequestID]; x != nil {
			f.close(ev.RequestID, x.errorText, now)
		}
	}
}

// answered reports the answer to a handshake, of which the protocol tells
// little more than the status.
func (f *feed) answered(x *exchange, status int, t cdp.MonotonicTime) {
	x.status = status
	f.insert(x.number, &measure.Event{
		Kind: measure.Headers, T: x.stamp(t), Conn: x.conn, Status: status, HTTP: "1.1",
	})
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
