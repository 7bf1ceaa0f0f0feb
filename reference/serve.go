package reference

import (
	"context"
	"crypto/tls"
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
		Protocols:         s.cfg.protocols(),
		ErrorLog:          s.cfg.ErrorLog,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return withConn(ctx, int(s.accepted.Add(1)), c)
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
// closes ln. They speak HTTP/1.x, and HTTP/2 by prior knowledge. When ctx ends
// it shuts down first, with five seconds to do so. It may be called for several
// listeners, as ServeTLS and ServeQUIC may.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	return s.serveOn(ctx, ln.Addr(), func() error { return s.http.Serve(s.bounded(ln)) })
}

// ServeTLS is Serve over TLS: HTTP/1.x, and HTTP/2 by ALPN.
func (s *Server) ServeTLS(ctx context.Context, ln net.Listener, cert tls.Certificate) error {
	return s.serveOn(ctx, ln.Addr(), func() error { return s.http.Serve(tls.NewListener(s.bounded(ln), s.cfg.tls(cert))) })
}

// serveOn runs serve until it returns, or shuts down when ctx ends.
func (s *Server) serveOn(ctx context.Context, addr net.Addr, serve func() error) error {
	served := make(chan error, 1)
	go func() { served <- serve() }()
	select {
	case err := <-served:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve %v: %w", addr, err)
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
	s.bayeux.Close() // its sessions are the hub's subscribers
	idle := s.hub.close()
	quiet := make(chan struct{})
	go func() {
		defer close(quiet)
		s.quic.shutdown(ctx)
	}()
	sessions := make(chan error, 1)
	go func() { sessions <- s.sockjs.shutdown(ctx, idle) }()
	err := s.http.Shutdown(ctx)
	<-quiet
	if serr := <-sessions; err == nil {
		err = serr
	}
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

// bounded bounds the send buffers of a listener's connections.
func (s *Server) bounded(ln net.Listener) net.Listener {
	if s.cfg.SendBuffer <= 0 {
		return ln
	}
	return &bufferedListener{Listener: ln, bytes: s.cfg.SendBuffer}
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
