package proxies

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// pace is how bytes get onto a line.
type pace struct {
	size int                       // a piece is at most this large
	cost func(n int) time.Duration // for how long a piece of n bytes takes the line up
	late bool                      // a piece arrives at the end of that time, not at its start
}

func (p pace) hooks() Hooks {
	return Hooks{
		Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
			return &pacedWriter{ResponseWriter: next, line: line{pace: p}, gone: r.Context().Done()}
		},
		Tunnel: func(client, upstream net.Conn) (net.Conn, net.Conn) {
			return &pacedConn{Conn: client, line: line{pace: p}, gone: make(chan struct{})}, upstream
		},
	}
}

// line is a paced line. Whoever writes to it waits.
type line struct {
	pace
	mu   sync.Mutex
	free time.Time // when the next piece may start
}

var errGone = errors.New("nobody waits for it any more")

func (l *line) pass(p []byte, gone <-chan struct{}, write func([]byte) (int, error)) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	done := 0
	for done < len(p) {
		piece := p[done:min(done+l.size, len(p))]
		at := time.Now()
		if at.Before(l.free) {
			at = l.free
		}
		l.free = at.Add(l.cost(len(piece)))
		if l.late {
			at = l.free
		}
		if !waitUntil(at, gone) {
			return done, errGone
		}
		n, err := write(piece)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// waitUntil reports false when gone came first.
func waitUntil(at time.Time, gone <-chan struct{}) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-gone:
		return false
	}
}

type pacedWriter struct {
	ResponseWriter
	line line
	gone <-chan struct{}
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	return w.line.pass(p, w.gone, w.ResponseWriter.Write)
}

type pacedConn struct {
	net.Conn
	line line
	gone chan struct{}
	once sync.Once
}

func (c *pacedConn) NetConn() net.Conn { return c.Conn }

func (c *pacedConn) Write(p []byte) (int, error) { return c.line.pass(p, c.gone, c.Conn.Write) }

func (c *pacedConn) Close() error {
	c.once.Do(func() { close(c.gone) })
	return c.Conn.Close()
}
