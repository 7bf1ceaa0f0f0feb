package reference

import (
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

// webSocket is RFC 6455 over HTTP/1.1, open to any origin: pages of other
// hosts are part of what is tested.
type webSocket struct{}

func (webSocket) Name() string { return "websocket" }

func (webSocket) Info() Info {
	return Info{
		Class: Socket, Family: "websocket", Methods: []string{http.MethodGet}, HTTP: []string{"1.1"}, NotOver: websocketNotOver(), Upstream: true,
		Summary: "A connection of its own after an upgrade, with frames both ways.",
	}
}

func (webSocket) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	sub.Params.Prelude = 0 // frames have their own beginning
	return &socketFramer{padding: sub.Params.Padding}, nil
}

// ServeSocket implements SocketTechnique.
func (t webSocket) ServeSocket(w http.ResponseWriter, r *http.Request, sub *Subscription) {
	f, err := t.Frame(r, sub)
	if err != nil {
		sub.refused(http.StatusBadRequest, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	raw := &hijacked{ResponseWriter: w}
	conn, err := websocket.Accept(raw, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		sub.refused(http.StatusBadRequest, err)
		return // Accept has answered
	}
	sub.accepted(http.StatusSwitchingProtocols)
	out, ctx := newSocketOutlet(r.Context(), conn, raw.conn, sub.heard)
	reason, err := newStream(sub, f, out, 0).run(ctx)
	if err != nil {
		out.abandon()
		return
	}
	out.close(closeCode(reason))
}

// closeCode is 1000 where the client has all it asked for, 1001 where it is to
// come back.
func closeCode(reason string) websocket.StatusCode {
	if reason == ReasonLimit || reason == ReasonTerminated {
		return websocket.StatusNormalClosure
	}
	return websocket.StatusGoingAway
}

// websocketNotOver says why a websocket needs HTTP/1.1 here. RFC 8441 and RFC
// 9220 define it over 2 and 3.
func websocketNotOver() map[string]string {
	return map[string]string{
		"1.0": "the upgrade came with HTTP/1.1",
		"2":   "Go's HTTP/2 server does not offer extended CONNECT (RFC 8441) unless the process is started with GODEBUG=http2xconnect=1 (golang/go#71128), and coder/websocket takes an HTTP/1.1 upgrade only",
		"3":   "coder/websocket does not speak extended CONNECT (RFC 9220)",
	}
}

// Opens implements SocketTechnique.
func (t webSocket) Opens(r *http.Request) error {
	if r.ProtoMajor > 1 {
		v := httpVersion(r)
		return &SocketRefusal{Status: http.StatusHTTPVersionNotSupported, Reason: "no websocket over HTTP/" + v + ": " + websocketNotOver()[v]}
	}
	if r.ProtoMinor >= 1 && headerHas(r.Header, "Connection", "upgrade") && headerHas(r.Header, "Upgrade", "websocket") {
		return nil
	}
	return &SocketRefusal{
		Status: http.StatusUpgradeRequired, Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}},
		Reason: "websocket wants an upgrade over HTTP/1.1",
	}
}

// socketFramer puts each message in a text frame. A heartbeat has no bytes:
// the outlet sends a ping.
type socketFramer struct{ padding int }

func (f *socketFramer) Head() Head { return Head{Status: http.StatusSwitchingProtocols} }

func (f *socketFramer) Open(dst []byte, hello Control) []byte { return hello.AppendJSON(dst) }

func (f *socketFramer) Message(dst []byte, m *Message) []byte {
	start := len(dst)
	return appendPadding(append(dst, m.JSON()...), start, 0, f.padding)
}

func (f *socketFramer) Control(dst []byte, c Control) []byte {
	if c.Kind == ControlHeartbeat {
		return dst
	}
	return c.AppendJSON(dst)
}

func (f *socketFramer) Close(dst []byte, c Control) []byte { return c.AppendJSON(dst) }

func (f *socketFramer) SharingKey() string { return "socket/" + strconv.Itoa(f.padding) }

// closeAllowed bounds the closing handshake.
const closeAllowed = 2 * time.Second
