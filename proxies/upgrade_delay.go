package proxies

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// delayUpgraded makes what an upgraded connection carries late, either way:
// whole frames of a websocket, and of anything else what was written together.
func delayUpgraded(by time.Duration) Hooks {
	return Hooks{Response: func(resp *http.Response) error {
		if s, ok := resp.Body.(io.ReadWriteCloser); ok && resp.StatusCode == http.StatusSwitchingProtocols {
			resp.Body = newLateStream(s, by, strings.EqualFold(resp.Header.Get("Upgrade"), "websocket"))
		}
		return nil
	}}
}

// lateStream is the origin's side of such a connection.
type lateStream struct {
	origin   io.ReadWriteCloser
	framed   bool
	up, down *delayLine
	gone     chan struct{} // closed when nobody waits for what is on its way

	sent     frames
	received *io.PipeReader
	reading  sync.WaitGroup
	once     sync.Once
	err      error
}

func newLateStream(origin io.ReadWriteCloser, by time.Duration, framed bool) *lateStream {
	gone := make(chan struct{})
	s := &lateStream{
		origin: origin, framed: framed, gone: gone,
		up: newDelayLine(always(by), gone), down: newDelayLine(always(by), gone),
	}
	received, late := io.Pipe()
	s.received = received
	s.reading.Go(func() { s.receive(late) })
	return s
}

// receive reads what the origin says until it ends, and passes the end on as
// late as all else.
func (s *lateStream) receive(late *io.PipeWriter) {
	var in frames
	emit := func(piece []byte) {
		// Whether somebody still reads is known to Close.
		s.down.add(len(piece), func() { _, _ = late.Write(piece) })
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := s.origin.Read(buf)
		s.split(&in, buf[:n], emit)
		if err != nil {
			if len(in.held) > 0 {
				emit(in.held)
			}
			s.down.add(0, func() { _ = late.CloseWithError(err) })
			return
		}
	}
}

func (s *lateStream) split(f *frames, p []byte, emit func([]byte)) {
	switch {
	case s.framed:
		f.feed(p, emit)
	case len(p) > 0:
		emit(append([]byte(nil), p...))
	}
}

func (s *lateStream) Read(p []byte) (int, error) { return s.received.Read(p) }

func (s *lateStream) Write(p []byte) (int, error) {
	s.split(&s.sent, p, func(piece []byte) {
		s.up.add(len(piece), func() {
			if _, err := s.origin.Write(piece); err != nil {
				_ = s.origin.Close() // wakes the reader, which ends the tunnel
			}
		})
	})
	return len(p), nil
}

func (s *lateStream) CloseWrite() error {
	s.up.add(0, func() { _ = closeWriteStream(s.origin) })
	return nil
}

// Close drops what is on its way.
func (s *lateStream) Close() error {
	s.once.Do(func() {
		close(s.gone)
		s.err = s.origin.Close()
		_ = s.received.Close()
		s.up.close()
		s.reading.Wait()
		s.down.close()
	})
	return s.err
}
