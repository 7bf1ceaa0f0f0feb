package bayeux

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	frameAllowed  = 30 * time.Second // for a frame to be taken
	closeAllowed  = 2 * time.Second  // for the closing handshake
	strangerAllow = 15 * time.Second // for a socket without a session
)

// Why a socket is closed by this side.
var (
	errRecycled = errors.New("recycled")
	errOver     = errors.New("session over")
	errStranger = errors.New("no session")
	errStopped  = errors.New("shutting down")
)

// socket is one websocket. Its reader answers what comes; its writer brings
// deliveries, and the connect's reply when its time has come.
type socket struct {
	*Server
	options Options
	browser string
	conn    *websocket.Conn
	opened  time.Time
	cancel  context.CancelCauseFunc

	carrier *carrier
	sending sync.Mutex // a frame and what is noted of it
	sent    int64      // bytes; guarded by sending

	mu       sync.Mutex
	session  *session
	connect  *pending
	due      time.Time // when the connect is to be answered; zero is never
	deadline *time.Timer
}

// serveSocket is the transport websocket. It returns when the socket is
// closed.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, o Options) {
	// A socket gives no cookie: a client that shakes hands by a poll meanwhile,
	// as faye does, would be left with one of two.
	k := &socket{Server: s, options: o, browser: browserOf(r), carrier: newCarrier(), opened: time.Now()}
	ctx, cancel := context.WithCancelCause(r.Context())
	k.cancel = cancel
	if !s.enter(k) {
		say(w, http.StatusServiceUnavailable, errShutdown.Error())
		return
	}
	defer s.left(k)
	raw := &hijacked{ResponseWriter: w}
	conn, err := websocket.Accept(raw, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		o.refused(&Error{Code: 400, Text: "upgrade_invalid"})
		return // Accept has answered
	}
	k.conn = conn
	conn.SetReadLimit(s.cfg.MaxMessageBytes)
	k.serve(ctx, raw.conn)
}

// enter counts a socket in, unless the server is closed.
func (s *Server) enter(k *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.tasks.Add(1)
	s.sockets[k] = struct{}{}
	return true
}

func (s *Server) left(k *socket) {
	s.mu.Lock()
	delete(s.sockets, k)
	s.mu.Unlock()
	k.cancel(nil)
	s.tasks.Done()
}

// stopStranger closes a socket that has no session to be closed with.
func (k *socket) stopStranger() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session == nil {
		k.cancel(errStopped)
	}
}

// serve runs reader and writer until one of them ends.
func (k *socket) serve(ctx context.Context, raw net.Conn) {
	k.deadline = time.AfterFunc(strangerAllow, func() { k.cancel(errStranger) })
	var tasks sync.WaitGroup
	tasks.Go(func() { k.write(ctx) })
	tasks.Go(func() { k.read(ctx) })
	<-ctx.Done()
	k.deadline.Stop()
	cause := context.Cause(ctx)
	code, ours := closeCode(cause)
	// A read or write under way would hold the handshake up on a peer that
	// neither reads nor speaks.
	cut := time.AfterFunc(closeAllowed, func() { raw.Close() })
	if ours {
		_ = k.conn.Close(code, "") // the peer may be gone by now
	}
	cut.Stop()
	raw.Close()
	_ = k.conn.CloseNow()
	tasks.Wait()
	k.leave()
	if ours {
		k.options.answered(cause.Error())
	} else {
		k.options.gone(cause)
	}
}

// closeCode is what a cause on this side is closed with.
func closeCode(cause error) (code websocket.StatusCode, ours bool) {
	switch {
	case errors.Is(cause, errRecycled), errors.Is(cause, errStopped):
		return websocket.StatusGoingAway, true
	case errors.Is(cause, errOver):
		return websocket.StatusNormalClosure, true
	case errors.Is(cause, errStranger), errors.Is(cause, errSyntax):
		return websocket.StatusPolicyViolation, true
	}
	return 0, false
}

// leave gives the session up; it waits for another transport, or expires.
func (k *socket) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session == nil {
		return
	}
	k.session.carrier.CompareAndSwap(k.carrier, nil)
	if k.connect != nil {
		k.session.connected(k.connect.interval)
		k.connect = nil
	}
}

// read answers frames. The library wants reads to have a context that ends
// with the connection, not before the closing handshake.
func (k *socket) read(ctx context.Context) {
	for {
		kind, frame, err := k.conn.Read(context.WithoutCancel(ctx))
		if err != nil {
			k.cancel(err)
			return
		}
		if kind != websocket.MessageText {
			k.cancel(errSyntax)
			return
		}
		k.options.heard(frame)
		all, err := parseMessages(frame)
		if err != nil {
			k.cancel(err)
			return
		}
		x := &exchange{Server: k.Server, options: k.options, transport: WebSocket, browser: k.browser, manyAtOnce: true, received: time.Now()}
		x.process(all)
		err = k.reply(x)
		x.done()
		if err != nil {
			k.cancel(err)
			return
		}
	}
}

// reply writes the answers of one frame, and leaves a connect to the writer.
func (k *socket) reply(x *exchange) error {
	k.bind(x.session)
	if x.connect != nil {
		k.await(x)
	}
	if len(x.replies) == 0 {
		return nil
	}
	return k.send(x.body(nil, x.replies, false), nil)
}

// bind makes ss the socket's session. A socket carries one; a client that
// shook hands again has given the one before it up.
func (k *socket) bind(ss *session) {
	if ss == nil {
		return
	}
	k.mu.Lock()
	old := k.session
	k.session = ss
	if ss.over() == alive {
		k.deadline.Stop()
	} else {
		k.deadline.Reset(closeAllowed) // the client closes, once it has its answer
	}
	k.mu.Unlock()
	if old != nil && old != ss {
		old.carrier.CompareAndSwap(k.carrier, nil)
	}
	if ss.over() == alive {
		ss.carriedBy(k.carrier)
	}
}

// await leaves a connect to the writer; one that waits already is answered
// first, for a client has one at a time.
func (k *socket) await(x *exchange) {
	k.mu.Lock()
	if k.connect != nil {
		k.session.connected(k.connect.interval)
	}
	k.connect, k.due = x.connect, time.Time{}
	if x.connect.wait >= 0 {
		k.due = time.Now().Add(x.connect.wait)
	}
	k.mu.Unlock()
	k.carrier.rouse()
}

// send writes one frame and tells of its deliveries.
func (k *socket) send(frame []byte, ds []*Delivery) error {
	k.sending.Lock()
	defer k.sending.Unlock()
	// Not the socket's context: it would break a frame off in the middle.
	ctx, cancel := context.WithTimeout(context.Background(), frameAllowed)
	defer cancel()
	if err := k.conn.Write(ctx, websocket.MessageText, frame); err != nil {
		return err
	}
	k.sent += int64(len(frame))
	told(ds)
	return nil
}

// hijacked keeps hold of the connection behind a websocket, to close it under
// a write that nobody takes.
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
