package proxies

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// sharedStream is one response of the origin that several exchanges read.
type sharedStream struct {
	max   int
	leave func() // called when the last reader has left

	mu      sync.Mutex
	cond    *sync.Cond
	head    *http.Response // nil before it is there
	held    []byte         // the body from base on
	base    int64
	full    bool // the beginning is gone, nobody can join
	err     error
	over    bool // err is valid; nil is a proper end
	entered int  // exchanges that have it, with or without a reader
	readers map[*sharedReader]struct{}
}

// newSharedStream makes one that its maker has entered.
func newSharedStream(most int) *sharedStream {
	s := &sharedStream{max: most, entered: 1, readers: map[*sharedReader]struct{}{}}
	s.cond = sync.NewCond(&s.mu)
	return s
}

// enter reports false when it is too late to join.
func (s *sharedStream) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full || s.over || s.entered == 0 {
		return false
	}
	s.entered++
	return true
}

// run asks the origin and reads the answer until it ends.
func (s *sharedStream) run(next http.RoundTripper, r *http.Request) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		s.end(err)
		return
	}
	defer resp.Body.Close()
	s.mu.Lock()
	s.head = resp
	s.cond.Broadcast()
	s.mu.Unlock()
	buf := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 && !s.add(buf[:n]) {
			err = errGone
		}
		if err == io.EOF {
			err = nil
		} else if err == nil {
			continue
		}
		s.end(err)
		return
	}
}

// add waits for room; it reports false when no reader is left.
func (s *sharedStream) add(p []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, p...)
	s.full = s.full || len(s.held) > s.max
	s.cond.Broadcast()
	for s.full && len(s.held) > s.max && s.entered > 0 {
		if s.trim(); len(s.held) > s.max {
			s.cond.Wait()
		}
	}
	return s.entered > 0
}

// trim forgets what every reader has had, once nobody can join.
func (s *sharedStream) trim() {
	at := s.base + int64(len(s.held))
	for r := range s.readers {
		at = min(at, r.at)
	}
	if len(s.readers) < s.entered {
		at = s.base // one has not begun to read
	}
	s.held = append(s.held[:0], s.held[at-s.base:]...)
	s.base = at
}

func (s *sharedStream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.over = err, true
	s.cond.Broadcast()
}

// wait waits until ready or until ctx is over; s.mu is held.
func (s *sharedStream) wait(ctx context.Context, ready func() bool) error {
	if ready() {
		return nil
	}
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cond.Broadcast()
	})
	defer stop()
	for !ready() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.cond.Wait()
	}
	return nil
}

// response is the stream for one exchange that has entered it.
func (s *sharedStream) response(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.wait(r.Context(), func() bool { return s.head != nil || s.over })
	if err == nil && s.head == nil {
		err = s.err
	}
	if err != nil {
		s.exit()
		return nil, err
	}
	own := *s.head
	own.Header, own.Request, own.Trailer = s.head.Header.Clone(), r, nil
	reader := &sharedReader{stream: s, ctx: r.Context()}
	s.readers[reader] = struct{}{}
	own.Body = reader
	return &own, nil
}

// exit forgets one exchange; s.mu is held.
func (s *sharedStream) exit() {
	if s.entered--; s.entered == 0 {
		s.leave()
	}
	s.cond.Broadcast()
}

// sharedReader reads a shared stream from its beginning.
type sharedReader struct {
	stream *sharedStream
	ctx    context.Context
	at     int64
	closed bool
}

func (r *sharedReader) Read(p []byte) (int, error) {
	s := r.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	end := func() int64 { return s.base + int64(len(s.held)) }
	if err := s.wait(r.ctx, func() bool { return r.at < end() || s.over }); err != nil {
		return 0, err
	}
	n := copy(p, s.held[r.at-s.base:])
	r.at += int64(n)
	switch {
	case n > 0:
		s.cond.Broadcast() // there may be room now
		return n, nil
	case s.err != nil:
		return 0, s.err
	}
	return 0, io.EOF
}

func (r *sharedReader) Close() error {
	s := r.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.closed {
		r.closed = true
		delete(s.readers, r)
		s.exit()
	}
	return nil
}
