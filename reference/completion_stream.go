package reference

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// errCut says that a stream was broken off where the request wanted it.
var errCut = errors.New("cut as asked")

// completionStream writes one completion as it is made. Tokens are due by a
// schedule that starts with the request: after a write that was held up, what
// became due meanwhile follows at once, and its due_us tells.
type completionStream struct {
	*completion
	out    *httpOutlet
	chunks completionChunks
	buf    []byte
	spoke  time.Time // when something was written last
}

// stream answers with a stream of chunks. The error is as completeChat's.
func (c *completion) stream(w http.ResponseWriter, r *http.Request) error {
	var opens time.Duration // behind the start
	if c.params.Head == headLate {
		opens = c.params.First
	}
	if err := c.await(r.Context(), c.started.Add(opens)); err != nil {
		return err
	}
	head := c.head("text/event-stream", true)
	out, err := newHTTPOutlet(w, head, compresses(w, r, c.params.Gzip))
	if err != nil {
		return err
	}
	w.WriteHeader(head.Status)
	s := &completionStream{completion: c, out: out, chunks: completionChunks{
		start: string(c.object([]byte("data: "), "chat.completion.chunk")), usage: c.request.includeUsage(), now: c.now,
	}}
	switch err := s.run(r.Context(), opens); {
	case err == nil:
		return out.finish()
	case errors.Is(err, errStopping):
		return s.stopped()
	case errors.Is(err, errCut):
		return s.cut(w)
	default:
		return err
	}
}

// run writes everything. The error is errCut, errStopping, the context's or a
// write's.
func (s *completionStream) run(ctx context.Context, opens time.Duration) error {
	if err := s.send(s.chunks.role(s.buf[:0], s.dueUS(opens)), true); err != nil {
		return err
	}
	due := s.params.First
	for n := 1; n <= s.tokens; n++ {
		token, gap := s.source.next()
		if n > 1 {
			due += gap
		}
		if err := s.wait(ctx, due); err != nil {
			return err
		}
		last := n == s.params.Cut // it is to arrive before the cut does
		if err := s.send(s.chunks.token(s.buf[:0], token, s.dueUS(due)), s.params.Flush || last); err != nil {
			return err
		}
		if last {
			return errCut
		}
	}
	return s.conclude(due)
}

// conclude says why there are no more tokens, and that this is all.
func (s *completionStream) conclude(due time.Duration) error {
	if err := s.send(s.chunks.finish(s.buf[:0], s.reason, s.dueUS(due)), s.params.Flush); err != nil {
		return err
	}
	if s.chunks.usage {
		if err := s.send(s.chunks.cost(s.buf[:0], s.request.promptTokens(), s.tokens, s.dueUS(due)), s.params.Flush); err != nil {
			return err
		}
	}
	return s.send(append(s.buf[:0], "data: [DONE]\n\n"...), true)
}

// wait waits until something is due, d behind the start, and writes heartbeats
// meanwhile.
func (s *completionStream) wait(ctx context.Context, d time.Duration) error {
	due, beat := s.started.Add(d), s.params.Heartbeat
	for beat > 0 && s.spoke.Add(beat).Before(due) {
		if err := s.await(ctx, s.spoke.Add(beat)); err != nil {
			return err
		}
		if err := s.send(append(s.buf[:0], ": heartbeat\n\n"...), true); err != nil {
			return err
		}
	}
	return s.await(ctx, due)
}

func (s *completionStream) send(frame []byte, flush bool) error {
	s.buf = frame // to be used again
	s.out.allow(answerAllowed)
	if err := s.out.send(frame, flush); err != nil {
		return err
	}
	s.spoke = time.Now()
	return nil
}

// stopped ends the stream when the server shuts down: with an error, and
// without its last words.
func (s *completionStream) stopped() error {
	s.out.allow(endAllowed)
	frame := append(errStopping.appendJSON([]byte("data: ")), "\n\n"...)
	if err := s.out.send(frame, true); err != nil {
		return err
	}
	return s.out.finish()
}

// cut breaks the answer off in the way that was asked for.
func (s *completionStream) cut(w http.ResponseWriter) error {
	switch s.params.CutBy {
	case cutClean:
		return s.out.finish()
	case cutRST:
		resetConnection(w)
	}
	return errCut
}

// resetConnection closes the connection of an answer over HTTP/1 so that the
// peer sees a reset. Over HTTP/2 and 3 it does nothing: an aborted answer
// resets its own stream there.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	for { // down to the socket, past TLS, which would say goodbye
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = inner.NetConn()
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0) // the peer may be gone
	}
	_ = conn.Close()
}
