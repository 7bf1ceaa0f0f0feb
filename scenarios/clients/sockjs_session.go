package clients

import (
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// sockjsHub is where the reference server speaks SockJS about its channels. A
// SockJS client repeats the query with each of its requests.
const sockjsHub = "sockjs/hub"

// sockjsTransports are the last parts of the URLs.
var sockjsTransports = map[string]string{
	"sockjs-xhr": "xhr", "sockjs-xhr-streaming": "xhr_streaming", "sockjs-eventsource": "eventsource",
	"sockjs-htmlfile": "htmlfile", "sockjs-jsonp": "jsonp", "sockjs-websocket": "websocket",
}

// sockjsSession is the session that a subscriber has now.
type sockjsSession struct {
	technique string
	server    string // for balancers, three digits
	id        string
	callback  string // of the scripts
	opened    bool   // the open frame was seen
	over      bool   // it was closed, cut or lost: the next request is for another
	lost      bool   // the server does not know it
}

func newSockJSSession(technique string) *sockjsSession {
	id := strings.ToLower(rand.Text())
	return &sockjsSession{technique: technique, server: fmt.Sprintf("%03d", mathrand.IntN(1000)), id: id[:8], callback: "_jp.a" + id[8:14]}
}

// url is where to receive from; base is the service's URL with its query.
func (s *sockjsSession) url(base *url.URL) *url.URL {
	u := base.JoinPath(s.server, s.id, sockjsTransports[s.technique])
	if s.technique == "sockjs-jsonp" || s.technique == "sockjs-htmlfile" {
		q := u.Query()
		q.Set("c", s.callback)
		u.RawQuery = q.Encode()
	}
	return u
}

// beginSession gives the subscriber a session, and a browser's memory for cookies.
func (s *subscriber) beginSession() {
	if sockjsTransports[s.technique.Name] == "" {
		return
	}
	if s.cookies == nil {
		s.cookies, _ = cookiejar.New(nil) // never fails, see cookiejar
	}
	if s.sockjs == nil || s.sockjs.over {
		s.sockjs = newSockJSSession(s.technique.Name)
	}
}

// opens takes the open frame. A session opens once: a second time says that
// whoever answers does not know it.
func (x *exchange) opens() {
	switch s := x.sockjs; {
	case s == nil:
	case s.opened:
		x.fail(measure.SessionLost + ": the server opened it again")
		s.lost, s.over = true, true
	default:
		s.opened = true
	}
}

// lost reports whether the session turned out to be unknown to the server.
func (x *exchange) lost() bool { return x.sockjs != nil && x.sockjs.lost }

// goesOn reports whether the end of an answer, err, leaves the session as it
// is: a stream that ended as it should, or where nothing but the close tells,
// was ended by the server, which waits for the next request.
func (x *exchange) goesOn(err error) bool {
	return x.sockjs != nil && x.items > 0 && err == io.EOF
}

// endExchange decides what becomes of the session. A server closes one whose
// receiver was cut, so only what was answered as it should be goes on.
func (s *sockjsSession) endExchange(out *outcome) {
	if s == nil {
		return
	}
	s.over = s.over || !out.answered || !s.opened
	if s.over {
		out.answered = false
		out.failed = out.failed || !out.over
	}
}
