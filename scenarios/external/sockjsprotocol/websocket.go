package sockjsprotocol

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

// socket is a WebSocket that is open.
type socket struct {
	*asking
	conn *websocket.Conn
}

// socket opens one, through CONNECT where there is a proxy, as browsers do.
func (a *asking) socket(path string) *socket {
	transport := &http.Transport{DialContext: a.tunnel}
	a.open = append(a.open, idle{transport})
	u := *a.server.Base
	u.Path += path
	conn, _, err := websocket.Dial(a.ctx, u.String(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	a.must(err)
	s := &socket{a, conn}
	a.open = append(a.open, s)
	return s
}

// tunnel dials an address, through the proxy if there is one.
func (a *asking) tunnel(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{}
	if a.server.Proxy == nil {
		return d.DialContext(ctx, network, address)
	}
	conn, err := d.DialContext(ctx, network, a.server.Proxy.Host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	q := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	err = q.Write(conn)
	var resp *http.Response
	if err == nil {
		resp, err = http.ReadResponse(bufio.NewReaderSize(conn, 16), q) // the server speaks second: nothing is read ahead
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the proxy answers CONNECT with %s", resp.Status)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

type idle struct{ t *http.Transport }

func (i idle) Close() error { i.t.CloseIdleConnections(); return nil }

// Close cuts it, for the end of a case.
func (s *socket) Close() error { return s.conn.CloseNow() }

// is wants this message next.
func (s *socket) is(want string) {
	kind, got, err := s.conn.Read(s.ctx)
	s.must(err)
	s.need(kind == websocket.MessageText && string(got) == want, "got %v %.200q, want %.200q", kind, got, want)
}

func (s *socket) send(text string) {
	s.must(s.conn.Write(s.ctx, websocket.MessageText, []byte(text)))
}

// over wants the server to be gone, and returns the code of its close frame, -1
// without.
func (s *socket) over() websocket.StatusCode {
	_, got, err := s.conn.Read(s.ctx)
	s.need(err != nil, "got %.200q, want the socket closed", got)
	s.need(s.ctx.Err() == nil, "the socket was not closed in time")
	return websocket.CloseStatus(err)
}

func (s *socket) leave() { s.must(s.conn.Close(websocket.StatusNormalClosure, "")) }

func webSocketCases() []Case {
	return []Case{
		{Name: "WebsocketHttpErrors.test_httpMethod", ask: func(a *asking) { a.get(echo + "/0/0/websocket").has(http.StatusBadRequest) }},
		{Name: "WebsocketHttpErrors.test_invalidConnectionHeader", ask: func(a *asking) {
			a.get(echo+"/0/0/websocket", "Upgrade", "WebSocket", "Connection", "close").has(http.StatusBadRequest)
		}},
		{Name: "WebsocketHttpErrors.test_invalidMethod", ask: func(a *asking) {
			for _, header := range [][]string{{"Upgrade", "WebSocket", "Connection", "Upgrade"}, nil} {
				r := a.post(echo+"/0/0/websocket", "", header...).is(http.StatusMethodNotAllowed, "")
				r.need(r.header.Get("Content-Type") == "" && r.header.Get("Allow") != "", "405 wants Allow and no type: %v", r.header)
			}
		}},
		{Name: "Websocket.test_transport", ask: func(a *asking) {
			s := a.socket(newSession(echo) + "/websocket")
			s.is("o")
			s.send(`["a"]`)
			s.is(`a["a"]`)
			s.leave()
		}},
		{Name: "Websocket.test_close", ask: func(a *asking) {
			s := a.socket(newSession(closing) + "/websocket")
			s.is("o")
			s.is(goAway)
			s.over()
		}},
		{Name: "Websocket.test_headersSanity", ask: func(a *asking) {
			r := a.get(newSession(echo)+"/websocket", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13",
				"Sec-WebSocket-Origin", "http://asd", "Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw==").has(http.StatusSwitchingProtocols)
			r.need(r.header.Get("Sec-WebSocket-Accept") == "HSmrc0sMlYUkAGmm5OPpG2HaGWk=", "got Sec-WebSocket-Accept %q", r.header.Get("Sec-WebSocket-Accept"))
			r.need(strings.EqualFold(r.header.Get("Connection"), "upgrade") && strings.EqualFold(r.header.Get("Upgrade"), "websocket"), "got %v", r.header)
			r.need(r.header.Get("Content-Length") == "", "101 with a length")
		}},
		{Name: "Websocket.test_empty_frame", ask: func(a *asking) {
			s := a.socket(newSession(echo) + "/websocket")
			s.is("o")
			s.send("")
			s.send("[]")
			s.send(`["a"]`)
			s.is(`a["a"]`)
			s.leave()
		}},
		{Name: "Websocket.test_reuseSessionId", ask: func(a *asking) {
			path := newSession(echo) + "/websocket"
			one, two := a.socket(path), a.socket(path)
			one.is("o")
			two.is("o")
			one.send(`["a"]`)
			one.is(`a["a"]`)
			two.send(`["b"]`)
			two.is(`a["b"]`)
			one.leave()
			two.leave()
			again := a.socket(path)
			again.is("o")
			again.send(`["a"]`)
			again.is(`a["a"]`)
			again.leave()
		}},
		{Name: "Websocket.test_broken_json", ask: func(a *asking) {
			s := a.socket(newSession(echo) + "/websocket")
			s.is("o")
			s.send(`["a`)
			s.over()
		}},
		{Name: "RawWebsocket.test_transport", ask: func(a *asking) {
			s := a.socket(echo + "/websocket")
			s.send("Hello world!\uffff")
			s.is("Hello world!\uffff")
			s.leave()
		}},
		{Name: "RawWebsocket.test_close", ask: func(a *asking) {
			code := a.socket(closing + "/websocket").over()
			a.need(code == 3000, "got close code %d, want 3000", code)
		}},
	}
}
