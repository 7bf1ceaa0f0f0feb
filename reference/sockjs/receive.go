package sockjs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	writeAllowed = 30 * time.Second // for one write
	bodyAllowed  = 30 * time.Second // for a request's body to arrive
)

// transport is one way to receive over HTTP.
type transport struct {
	name        string // last part of the URL
	method      string
	mediaType   string
	crossOrigin bool // answers pages of other origins
	callback    bool // needs c=NAME, or callback=NAME
	polling     bool // one frame is the whole answer

	// prelude is what a stream starts with; nil is nothing.
	prelude func(dst []byte, callback string) []byte
	// frame puts a frame on the wire.
	frame func(dst []byte, callback, frame string) []byte
}

func transports() []transport {
	return []transport{xhr(), xhrStreaming(), eventSource(), htmlfile(), jsonp()}
}

// receive answers a request that receives.
func (s *Service) receive(w http.ResponseWriter, r *http.Request, t transport, id string) {
	to := s.receipt(w, r, t.name)
	callback := ""
	if t.callback {
		var err error
		if callback, err = callbackOf(r); err != nil {
			to.Refused(http.StatusInternalServerError, err.Error())
			fail(w, http.StatusInternalServerError, err.Error())
			return
		}
	}
	if err := s.readBody(w, r, io.Discard); err != nil { // net/http notices that a silent peer left only behind the body
		to.Refused(http.StatusBadRequest, err.Error())
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	session, _, err := s.sessions.open(id, &s.config, r)
	if err != nil {
		s.refuse(w, to, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", t.mediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	neverCached(h)
	rc := http.NewResponseController(w)
	out := &httpOutlet{w: w, rc: rc, frame: func(dst []byte, frame string) []byte { return t.frame(dst, callback, frame) }}
	if t.polling {
		session.poll(r.Context(), out, to)
		return
	}
	var prelude []byte
	if t.prelude != nil {
		prelude = t.prelude(nil, callback)
	}
	session.stream(r.Context(), out, to, prelude)
}

// refuse answers a request that gets no session.
func (s *Service) refuse(w http.ResponseWriter, to Receipt, err error) {
	status := http.StatusBadRequest
	if own := new(Refusal); errors.As(err, &own) {
		status = own.Status
	} else if errors.Is(err, errTooMany) || errors.Is(err, errShutdown) {
		status = http.StatusServiceUnavailable
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	to.Refused(status, err.Error())
	fail(w, status, err.Error())
}

// httpOutlet writes to an HTTP answer: one write and one flush for a frame, of
// which net/http makes one chunk.
type httpOutlet struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	frame func(dst []byte, frame string) []byte
	buf   []byte
}

func (o *httpOutlet) send(p piece) (int, error) {
	o.buf = o.frame(o.buf[:0], p.frame)
	n, err := len(o.buf), o.write(o.buf)
	if cap(o.buf) > 64<<10 {
		o.buf = nil // a long-lived stream does not keep its largest frame
	}
	return n, err
}

func (o *httpOutlet) write(b []byte) error {
	_ = o.rc.SetWriteDeadline(time.Now().Add(writeAllowed)) // a writer without deadlines does not block
	if _, err := o.w.Write(b); err != nil {
		return err
	}
	return o.rc.Flush()
}

// stream answers with frame after frame.
func (s *Session) stream(ctx context.Context, out *httpOutlet, to Receipt, prelude []byte) {
	r := &receiver{interrupt: func() { _ = out.rc.SetWriteDeadline(time.Now()) }}
	attached := s.attach(r)
	if attached {
		to.Accepted(http.StatusOK)
	}
	if len(prelude) > 0 {
		if err := out.write(prelude); err != nil {
			s.abandoned(r, to, err)
		}
	}
	if !attached {
		to.Refused(http.StatusOK, reasonStillOpen)
		_, _ = out.send(piece{frame: closeFrame(CodeStillOpen, reasonStillOpen)}) // the peer may be gone
		return
	}
	reason, err := pump(ctx, s, out, to, s.terms.ResponseLimit, s.terms.ResponseAge)
	if err != nil {
		s.abandoned(r, to, err)
	}
	s.detach(r)
	to.Ended(reason)
}

// poll answers with one frame.
func (s *Session) poll(ctx context.Context, out *httpOutlet, to Receipt) {
	r := &receiver{interrupt: func() {}} // it never blocks while it is the receiver
	if !s.attach(r) {
		to.Refused(http.StatusOK, reasonStillOpen)
		_ = out.answer(piece{frame: closeFrame(CodeStillOpen, reasonStillOpen)}) // the peer may be gone
		return
	}
	to.Accepted(http.StatusOK)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	asked := time.Now()
	p, ok := s.next()
	for !ok {
		now := time.Now()
		if s.terms.Heartbeat > 0 && now.Sub(asked) >= s.terms.Heartbeat {
			p = piece{frame: heartbeatFrame}
			break
		}
		if err := wait(ctx, s, timer, soonest(s.terms.Heartbeat, asked, 0, asked, now)); err != nil {
			s.abandoned(r, to, err)
		}
		p, ok = s.next()
	}
	s.detach(r)
	if err := out.answer(p); err != nil {
		s.abandoned(r, to, err)
	}
	p.tell(to, len(out.buf))
	reason := answered
	if p.last {
		_, reason = s.closed()
	}
	to.Ended(reason)
}

// answer is send for an answer of one frame.
func (o *httpOutlet) answer(p piece) error {
	o.buf = o.frame(nil, p.frame)
	o.w.Header().Set("Content-Length", strconv.Itoa(len(o.buf)))
	return o.write(o.buf)
}

// abandoned closes the session of a receiver whose peer is gone, and breaks the
// answer off: a clean end would tell whoever still reads that it was whole.
func (s *Session) abandoned(r *receiver, to Receipt, err error) {
	s.interrupted(r)
	s.departed(to, err)
	panic(http.ErrAbortHandler)
}

// departed tells how a receiver was lost: to Abort, or by err.
func (s *Session) departed(to Receipt, err error) {
	s.mu.Lock()
	aborted, reason := s.aborted, s.reason
	s.mu.Unlock()
	if aborted {
		to.Ended(reason)
	} else {
		to.Aborted(err.Error())
	}
}

// readBody reads a request's body to its end.
func (s *Service) readBody(w http.ResponseWriter, r *http.Request, into io.Writer) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyAllowed)) // a reader without deadlines does not block
	if _, err := io.Copy(into, http.MaxBytesReader(w, r.Body, s.config.MaxBody)); err != nil {
		return err
	}
	_ = rc.SetReadDeadline(time.Time{})
	return nil
}
