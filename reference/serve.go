package reference

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

const (
	graceful       = 5 * time.Second // for a shutdown that Serve's context asks for
	headerAllowed  = 10 * time.Second
	idleAllowed    = 2 * time.Minute
	stragglersWait = 2 * time.Second // after connections were closed by force
)

// newHTTPServer sets net/http up for streams: a write deadline for all would
// end them, so there is none, and each write that may block has its own bound.
func (s *Server) newHTTPServer() (*http.Server, context.CancelFunc) {
	base, stop := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerAllowed,
		IdleTimeout:       idleAllowed,
		MaxHeaderBytes:    subscriberHeaders,
		Protocols:         s.cfg.Protocols,
		ErrorLog:          s.cfg.ErrorLog,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return withConn(ctx, int(s.accepted.Add(1)))
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.open.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.open.Add(-1)
			}
		},
	}
	if server.ErrorLog == nil {
		server.ErrorLog = log.New(io.Discard, "", 0)
	}
	return server, stop
}

// Serve accepts connections on ln until ctx ends or Shutdown is called, and
// closes ln. When ctx ends it shuts down first, with five seconds to do so.
// It may be called for several listeners.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	if s.cfg.SendBuffer > 0 {
		ln = &bufferedListener{Listener: ln, bytes: s.cfg.SendBuffer}
	}
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(ln) }()
	select {
	case err := <-served:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve %v: %w", ln.Addr(), err)
	case <-ctx.Done():
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
		defer cancel()
		err := s.Shutdown(limited)
		<-served
		return err
	}
}

// Shutdown ends every subscription with reason shutdown, lets held polls
// answer with what they have, and waits until all is written. When ctx ends
// first it closes the connections and returns the context's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drain.Do(func() { close(s.draining) })
	idle := s.hub.close()
	err := s.http.Shutdown(ctx)
	if err == nil {
		select {
		case <-idle: // sockets are not net/http's any more
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	s.stop()
	if err == nil {
		return nil
	}
	_ = s.http.Close() // the listeners are closed already
	timer := time.NewTimer(stragglersWait)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	}
	return fmt.Errorf("shut down: %w", err)
}

// bufferedListener bounds the kernel's send buffer of each connection. It
// returns the connections as they are: net/http looks for TLS in them.
type bufferedListener struct {
	net.Listener
	bytes int
}

func (l *bufferedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	inner := conn
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
		inner = wrapped.NetConn()
	}
	if tcp, ok := inner.(interface{ SetWriteBuffer(int) error }); ok {
		_ = tcp.SetWriteBuffer(l.bytes) // a connection that is already gone
	}
	return conn, nil
}
