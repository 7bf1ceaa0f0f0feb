package browsers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// network takes what the browser's network tells (wire.go).
func (f *feed) network(ev any, now time.Time) {
	switch ev := ev.(type) {
	case asked:
		f.open(ev)
	case dialled:
		if x := f.byRequest[ev.id]; x != nil {
			f.connCount++
			x.conn = f.connCount
			f.insert(x.number, &measure.Event{Kind: measure.Dial, T: ev.at, Conn: x.conn})
		}
	case answered:
		if x := f.byRequest[ev.id]; x != nil && (!x.socket || x.status == 0) {
			if !ev.redirect {
				x.status = ev.status
				x.socket = x.socket || ev.status == http.StatusSwitchingProtocols
			}
			f.head(x, ev)
		}
	case came:
		if x := f.byRequest[ev.id]; x != nil {
			x.came.note(ev)
		}
	case ended:
		f.close(ev, now)
	}
	f.drain(now)
}

// open notes a request, if it is one of the subscription.
func (f *feed) open(ev asked) {
	u, err := url.Parse(ev.url)
	if err != nil || u.EscapedPath() != f.path || hostPort(u) != f.host || f.byRequest[ev.id] != nil {
		return
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
	x := &exchange{number: f.newest, socket: ev.socket}
	f.byRequest[ev.id] = x
	f.byNumber[x.number] = x
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
func (f *feed) head(x *exchange, a answered) {
	headers := &measure.Event{
		Kind: measure.Headers, T: a.at, Status: a.status, HTTP: a.http, ContentType: a.contentType, Encoding: a.encoding,
	}
	events := []*measure.Event{headers}
	if conn, known := f.conns[a.conn]; known {
		x.conn = conn
	} else if a.conn != "" {
		f.connCount++
		x.conn = f.connCount
		f.conns[a.conn] = x.conn
		dial := &measure.Event{Kind: measure.Dial, T: a.connected, Conn: x.conn}
		if a.reused {
			dial.Note = "opened before, for the page"
		}
		events = []*measure.Event{dial, headers}
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
func (f *feed) close(ev ended, now time.Time) {
	if x := f.byRequest[ev.id]; x != nil {
		delete(f.byRequest, ev.id)
		x.closed, x.closedAt, x.ended = true, now, ev
	}
}
