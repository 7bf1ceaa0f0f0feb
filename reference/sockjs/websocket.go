package sockjs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// closeAllowed bounds the closing handshake.
const closeAllowed = 2 * time.Second

var (
	errNoUpgrade    = errors.New(`Can "Upgrade" only to "WebSocket".`)
	errNoConnection = errors.New(`"Connection" must be "Upgrade".`)
)

// webSocket answers /SERVER/SESSION/websocket. The session lives as long as the
// socket, and its id means nothing.
func (s *Service) webSocket(w http.ResponseWriter, r *http.Request) {
	s.socket(w, r, "websocket", false)
}

// rawWebSocket answers /websocket, where messages go without any framing.
func (s *Service) rawWebSocket(w http.ResponseWriter, r *http.Request) {
	s.socket(w, r, "raw-websocket", true)
}

func (s *Service) socket(w http.ResponseWriter, r *http.Request, name string, raw bool) {
	if r.Method != http.MethodGet {
		notAllowed(w, http.MethodGet)
		return
	}
	to := s.receipt(w, r, name)
	if err := upgrades(r); err != nil {
		to.Refused(http.StatusBadRequest, err.Error())
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	session, leave, err := s.sessions.open("", &s.config, r)
	if err != nil {
		s.refuse(w, to, err)
		return
	}
	defer leave()
	held := &hijacked{ResponseWriter: w}
	conn, err := websocket.Accept(held, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil { // it has answered
		to.Refused(http.StatusBadRequest, err.Error())
		session.Close(CodeInterrupted, reasonInterrupted)
		return
	}
	conn.SetReadLimit(s.config.MaxBody)
	to.Accepted(http.StatusSwitchingProtocols)
	s.converse(r.Context(), session, &socketOutlet{conn: conn, net: held.conn, raw: raw}, to)
}

// converse carries a session over a socket and returns when nothing of either
// is left.
func (s *Service) converse(ctx context.Context, session *Session, out *socketOutlet, to Receipt) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	receiver := &receiver{interrupt: out.interrupt}
	session.attach(receiver) // nobody else can
	// Whatever ends the socket breaks off a write that waits for the peer.
	free := context.AfterFunc(ctx, out.interrupt)
	cut := context.AfterFunc(s.sessions.base, out.cut)
	defer cut()
	read := make(chan struct{})
	go func() {
		defer close(read)
		cancel(fmt.Errorf("read: %w", out.read(session)))
	}()
	reason, err := pump(ctx, session, out, to, 0, 0)
	if err == nil {
		free() // the closing handshake is to be written yet
		session.detach(receiver)
		to.Ended(reason)
		code, _ := session.closed()
		out.close(code, reason)
	} else {
		if errors.Is(err, context.Canceled) {
			err = context.Cause(ctx)
		}
		session.interrupted(receiver)
		session.departed(to, err)
	}
	out.cut()
	<-read
}

// upgrades returns why a request opens no WebSocket, or nil.
func upgrades(r *http.Request) error {
	switch {
	case !headerHas(r.Header, "Upgrade", "websocket"):
		return errNoUpgrade
	case !headerHas(r.Header, "Connection", "upgrade"), !r.ProtoAtLeast(1, 1), r.ProtoMajor > 1:
		return errNoConnection
	}
	return nil
}

// headerHas reports whether a comma-separated header has a token, in any case.
func headerHas(h http.Header, key, token string) bool {
	for _, line := range h.Values(key) {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

// socketOutlet is one WebSocket.
type socketOutlet struct {
	conn *websocket.Conn
	net  net.Conn // below it
	raw  bool     // messages without framing
}

func (o *socketOutlet) send(p piece) (int, error) {
	if !o.raw {
		return len(p.frame), o.write(p.frame)
	}
	n := 0
	for _, m := range p.messages { // other frames have no raw form
		if err := o.write(m.Text); err != nil {
			return n, err
		}
		n += len(m.Text)
	}
	return n, nil
}

func (o *socketOutlet) write(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeAllowed)
	defer cancel()
	return o.conn.Write(ctx, websocket.MessageText, []byte(strings.ToValidUTF8(text, "\ufffd")))
}

// read takes what the client sends until the socket ends, and returns why it
// did. A message that cannot be read ends it without a word.
func (o *socketOutlet) read(session *Session) error {
	for {
		// The reads live as long as the connection: a context that ends would
		// break it off before the closing handshake.
		_, data, err := o.conn.Read(context.Background())
		if err != nil {
			return err
		}
		texts := []string{string(data)}
		if !o.raw {
			if texts, err = messagesOf(data, true); errors.Is(err, errPayload) {
				continue // an empty message
			}
			if err != nil {
				return err
			}
		}
		switch err := session.deliver(texts); {
		case errors.Is(err, ErrSlow):
			session.Close(CodeGoAway, reasonSlow)
		case err != nil && !errors.Is(err, ErrClosed):
			return err
		}
	}
}

func (o *socketOutlet) interrupt() { _ = o.net.SetWriteDeadline(time.Now()) } // fails on a closed connection only

// cut closes the connection as it is.
func (o *socketOutlet) cut() {
	_ = o.net.Close()
	_ = o.conn.CloseNow() // frees what the library holds
}

// close does the closing handshake.
func (o *socketOutlet) close(code int, reason string) {
	_ = o.net.SetWriteDeadline(time.Now().Add(closeAllowed))
	late := time.AfterFunc(closeAllowed, func() { _ = o.net.Close() })
	defer late.Stop()
	if !o.raw {
		code, reason = int(websocket.StatusNormalClosure), "" // the frame has said it
	}
	_ = o.conn.Close(websocket.StatusCode(code), reason) // the peer may be gone
}

// hijacked keeps hold of the connection behind a WebSocket, to set deadlines on
// it.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

// Unwrap serves http.ResponseController.
func (h *hijacked) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Hijack implements http.Hijacker.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}
