package reference

import (
	"context"
	"errors"
	"net/http"
	"path"

	"github.com/cometbench/cometbench/reference/sockjs"
)

// sockjsQueue and sockjsQueueBytes are how much a session takes from the log ahead of its
// client. What is published beyond waits in the log and counts for the
// subscription, as with every other technique.
const (
	sockjsQueue      = 64
	sockjsQueueBytes = 256 << 10
)

// acceptSockJS makes a session of a subscription to one channel. All is said in
// the query, which a SockJS client repeats with each of its requests: channel,
// and the subscribe options, of which recycle_bytes is the response limit, and
// hold, for the polling transports, the heartbeat. The client adds t and c.
func (s *Server) acceptSockJS(r *http.Request) (sockjs.Terms, error) {
	q, err := query(r)
	if err != nil {
		return sockjs.Terms{}, err
	}
	channel, err := channelOf(q)
	if err != nil {
		return sockjs.Terms{}, err
	}
	q.Del("t")
	q.Del("c")
	params, err := ParseParams(q)
	if err != nil {
		return sockjs.Terms{}, err
	}
	transport := path.Base(r.URL.Path)
	if transport == "xhr" || transport == "jsonp" {
		params.Heartbeat, params.Slow = params.Hold, SlowWait // an answer takes all there is
	}
	sub := &Subscription{Channel: channel, Technique: sockjsTechniqueOf[transport], Params: params, hub: s.hub, class: Stream}
	var leave func()
	return sockjs.Terms{
		Begin: func() (err error) {
			leave, err = s.hub.subscribe(sub)
			return sockjsRefusal(err)
		},
		Serve: func(ctx context.Context, session *sockjs.Session) {
			defer leave()
			sub.sockjs(ctx, session)
		},
		Heartbeat:     orNever(params.Heartbeat),
		ResponseLimit: orNever(params.RecycleBytes),
		ResponseAge:   params.RecycleAfter,
		QueueMessages: sockjsQueue,
		QueueBytes:    sockjsQueueBytes,
	}, nil
}

// orNever turns the options' 0, which switches a limit off, into the library's
// way to say so.
func orNever[T ~int64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

// sockjsRefusal gives an error of the hub its status.
func sockjsRefusal(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrTerminated):
		return &sockjs.Refusal{Status: http.StatusGone, Err: err}
	}
	return &sockjs.Refusal{Status: http.StatusServiceUnavailable, Err: err}
}

// sockjs brings what the channel has to a session until either ends. Each
// message and each notice is one SockJS message, as it would be on a stream.
func (s *Subscription) sockjs(ctx context.Context, session *sockjs.Session) {
	s.queue.interrupts(func() { session.Abort(sockjs.CodeGoAway, ReasonSlow) })
	defer s.queue.interrupts(nil)
	if session.Send(notice(s.hello())) != nil {
		return
	}
	for {
		detached := s.Detached() // before the rest: what was published until then goes out
		if !s.handOver(ctx, session) {
			return
		}
		if detached != "" {
			_ = session.Send(notice(s.end(detached))) // a session that is closed needs no reason
			session.Close(sockjs.CodeGoAway, detached)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
	}
}

// handOver sends all there is; false says that the session is over.
func (s *Subscription) handOver(ctx context.Context, session *sockjs.Session) bool {
	for {
		if session.Ready(ctx) != nil {
			return false
		}
		gap, msgs := s.next(1)
		switch {
		case gap != nil:
			if session.Send(notice(*gap)) != nil {
				return false
			}
		case len(msgs) == 0:
			return true
		default:
			m := msgs[0]
			if session.Send(sockjs.Message{Text: string(m.JSON()), ID: m.ID}) != nil {
				return false
			}
			s.taken(m)
		}
	}
}

func notice(c Control) sockjs.Message {
	return sockjs.Message{Text: string(c.AppendJSON(nil))}
}
