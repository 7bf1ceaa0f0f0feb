package reference

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

const (
	quicKeepAlive = 15 * time.Second       // so that a silent stream outlives the peer's idle timeout, commonly 30 s
	quicStreams   = 1000                   // requests at once on one connection
	quicWindow    = 2 << 20                // bytes a client may send ahead of our reading
	quicLinger    = 500 * time.Millisecond // for the last bytes to arrive: quic-go does not tell when they are acknowledged
)

// quicListener is one call of ServeQUIC. http3.Server closes connections only
// with all they carry, and webtransport.Server logs to a global, so the
// accepting and the closing are done here.
type quicListener struct {
	s     *Server
	wt    *webtransport.Server
	ln    *quic.EarlyListener
	tasks sync.WaitGroup // one per connection

	mu       sync.Mutex
	draining bool
	conns    map[*quic.Conn]struct{}
	requests int
	silent   chan struct{} // closed when it drains and has no requests
	empty    chan struct{} // closed when it drains and has no connections
}

// ServeQUIC serves HTTP/3 and WebTransport on pc, as Serve serves a listener,
// and closes pc. It is not announced by Alt-Svc: a browser that was sent to
// another version would move here in the middle of a measurement.
func (s *Server) ServeQUIC(ctx context.Context, pc net.PacketConn, cert tls.Certificate) error {
	defer pc.Close()
	transport := &quic.Transport{Conn: pc}
	defer transport.Close()
	l := &quicListener{s: s, conns: make(map[*quic.Conn]struct{}), silent: make(chan struct{}), empty: make(chan struct{})}
	h3 := &http3.Server{
		Handler: http.HandlerFunc(l.serve), MaxHeaderBytes: subscriberHeaders, IdleTimeout: idleAllowed,
		Logger: slog.New(slog.DiscardHandler), ConnContext: l.connContext,
	}
	if s.cfg.ErrorLog != nil {
		h3.Logger = slog.New(slog.NewTextHandler(s.cfg.ErrorLog.Writer(), &slog.HandlerOptions{Level: slog.LevelError}))
	}
	l.wt = &webtransport.Server{H3: h3, CheckOrigin: func(*http.Request) bool { return true }} // pages of other hosts are tested
	ln, err := transport.ListenEarly(http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}), &quic.Config{
		HandshakeIdleTimeout: headerAllowed, MaxIdleTimeout: idleAllowed, KeepAlivePeriod: quicKeepAlive, MaxIncomingStreams: quicStreams,
		MaxStreamReceiveWindow: quicWindow, MaxConnectionReceiveWindow: 2 * quicWindow,
		EnableDatagrams: true, EnableStreamResetPartialDelivery: true, // webtransport needs both
	})
	if err != nil {
		return fmt.Errorf("serve %v: %w", pc.LocalAddr(), err)
	}
	l.ln = ln
	if !s.quic.add(l) {
		return nil // shut down before
	}
	defer s.quic.remove(l)
	return s.serveOn(ctx, pc.LocalAddr(), l.accept)
}

// accept serves connections until the listener is shut down, and returns when
// the last one has ended.
func (l *quicListener) accept() error {
	defer l.wt.Close()
	defer l.tasks.Wait()
	for {
		conn, err := l.ln.Accept(context.Background())
		if errors.Is(err, quic.ErrServerClosed) {
			return http.ErrServerClosed
		}
		if err != nil {
			l.closeAll()
			return err
		}
		if !l.enter(conn) {
			_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "shutting down")
			continue
		}
		l.s.open.Add(1)
		l.tasks.Go(func() {
			_ = l.wt.ServeQUICConn(conn) // ends with the connection, and its end is not our error
			<-conn.Context().Done()
			l.s.open.Add(-1)
			l.leave(conn)
		})
	}
}

// connContext prepares the context of a connection's requests.
func (l *quicListener) connContext(ctx context.Context, _ *quic.Conn) context.Context {
	return withWebTransport(withConn(ctx, int(l.s.accepted.Add(1)), nil), l.wt)
}

// serve counts requests, so that a shutdown can wait for them.
func (l *quicListener) serve(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.requests++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.requests--
		l.settle()
	}()
	l.s.serve(w, r)
}

func (l *quicListener) enter(conn *quic.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.draining {
		l.conns[conn] = struct{}{}
	}
	return !l.draining
}

func (l *quicListener) leave(conn *quic.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
	l.settle()
}

// settle closes silent and empty when they are reached. It needs the lock.
func (l *quicListener) settle() {
	if l.draining && l.requests == 0 {
		closeOnce(l.silent)
	}
	if l.draining && len(l.conns) == 0 {
		closeOnce(l.empty)
	}
}

// closeOnce closes c if it is open. The caller holds a lock.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// drain stops accepting, waits until the requests are answered, lets what was
// written arrive, and closes the connections. It returns when ctx ends, too.
func (l *quicListener) drain(ctx context.Context, linger time.Duration) {
	l.mu.Lock()
	l.draining = true
	l.settle()
	l.mu.Unlock()
	defer l.closeAll()
	_ = l.ln.Close() // has no error to tell
	select {
	case <-l.silent:
		timer := time.NewTimer(linger)
		defer timer.Stop()
		select {
		case <-l.empty:
		case <-timer.C:
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
}

// closeAll closes the connections there are, and lets no more in.
func (l *quicListener) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = true
	for conn := range l.conns {
		_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "shutting down") // it may be closed already
	}
}

// quicListeners are those that a shutdown must reach.
type quicListeners struct {
	mu     sync.Mutex
	closed bool
	all    map[*quicListener]struct{}
}

func (q *quicListeners) add(l *quicListener) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.all == nil {
		q.all = make(map[*quicListener]struct{})
	}
	if !q.closed {
		q.all[l] = struct{}{}
	}
	return !q.closed
}

func (q *quicListeners) remove(l *quicListener) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.all, l)
}

// shutdown drains all listeners at once.
func (q *quicListeners) shutdown(ctx context.Context) {
	q.mu.Lock()
	q.closed = true
	var drains sync.WaitGroup
	for l := range q.all {
		drains.Go(func() { l.drain(ctx, quicLinger) })
	}
	q.mu.Unlock()
	drains.Wait()
}
