package browsers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// network takes an event of the DevTools protocol.
func (f *feed) network(ev any, now time.Time) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if x := f.byRequest[ev.RequestID]; x != nil { // redirected
			if r := ev.RedirectResponse; r != nil {
				f.head(x, r.ConnectionID, x.dial(r, ev.Timestamp), x.headers(r, ev.Timestamp))
			}
			return
		}
		if x := f.open(ev.RequestID, ev.Request.URL); x != nil {
			x.wall = float64(ev.WallTime.Float64()) - float64(ev.Timestamp)
		}
	case *network.EventResponseReceived:
		if x := f.byRequest[ev.RequestID]; x != nil && ev.Response != nil {
			x.status = int(ev.Response.Status)
			f.head(x, ev.Response.ConnectionID, x.dial(ev.Response, ev.Timestamp), x.headers(ev.Response, ev.Timestamp))
		}
	case *network.EventLoadingFinished:
		f.close(ev.RequestID, "", now)
	case *network.EventLoadingFailed:
		f.close(ev.RequestID, ev.ErrorText, now)
	default:
		f.socket(ev, now)
	}
	f.drain(now)
}

// open notes a request, if it is one of the subscription.
func (f *feed) open(id network.RequestID, address string) *exchange {
	u, err := url.Parse(address)
	if err != nil || u.EscapedPath() != f.path || hostPort(u) != f.host {
		return nil
	}
	// The nonce of a page is WORD-NUMBER, behind the subscription's own and a
	// dot. An EventSource that comes back by itself repeats its URL, and counts on.
	f.newest++
	nonce := u.Query().Get("nonce")
	if _, number, ok := strings.Cut(nonce[strings.LastIndexByte(nonce, '.')+1:], "-"); ok {
		if n, err := strconv.Atoi(number); err == nil && n > f.newest {
			f.newest = n
		}
	}
	x := &exchange{number: f.newest}
	f.byRequest[id] = x
	f.byNumber[x.number] = x
	return x
}

// hostPort is an address as browsers and people write it: with the default port
// or without.
func hostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https" || u.Scheme == "wss":
		port = "443"
	default:
		port = "80"
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// head reports the connection, if it is new, and the response head, in front
// of everything else of this exchange.
func (f *feed) head(x *exchange, connection float64, dial, headers measure.Event) {
	events := []*measure.Event{&headers}
	if conn, known := f.conns[connection]; known {
		x.conn = conn
	} else {
		f.connCount++
		x.conn = f.connCount
		f.conns[connection] = x.conn
		dial.Conn = x.conn
		events = []*measure.Event{&dial, &headers}
	}
	headers.Conn = x.conn
	f.insert(x.number, events...)
}

// insert puts events in front of the first report of their exchange.
func (f *feed) insert(number int, events ...*measure.Event) {
	at := slices.IndexFunc(f.waiting, func(w waiting) bool { return w.event == nil && w.exchange >= number })
	if at < 0 {
		at = len(f.waiting)
	}
	for i, e := range events {
		f.waiting = slices.Insert(f.waiting, at+i, waiting{exchange: number, event: e})
	}
}

// close notes the end of an exchange.
func (f *feed) close(id network.RequestID, errorText string, now time.Time) {
	if x := f.byRequest[id]; x != nil {
		delete(f.byRequest, id)
		x.closed, x.closedAt = true, now
		x.errorText = errorText
	}
}
