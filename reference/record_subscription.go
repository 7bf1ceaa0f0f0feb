package reference

import (
	"errors"
	"fmt"
)

// note writes an event of this subscription down.
func (s *Subscription) note(e recordEvent) {
	if s.hub.record == nil {
		return
	}
	e.T, e.Conn, e.Sub = s.hub.nowUS(), s.Conn, s.Number
	s.hub.record.add(s.Channel, e)
}

// accepted notes that the request was taken.
func (s *Subscription) accepted(status int) {
	s.note(recordEvent{Kind: kindHeaders, Status: status, HTTP: s.peer.http, Method: s.peer.method, Note: s.peer.note, Fields: s.peer.fields})
}

func (s *Subscription) wrote(m *Message, n int) {
	s.sent++
	s.note(recordEvent{Kind: kindWrite, ID: m.ID, Bytes: n})
	if s.OnWrite != nil {
		s.OnWrite(m)
	}
}

func (s *Subscription) said(c Control, n int) {
	switch c.Kind {
	case ControlHeartbeat:
		s.note(recordEvent{Kind: kindHeartbeat, Bytes: n})
	case ControlGap:
		note := fmt.Sprintf("missed=%d", c.Missed)
		if c.Unknown {
			note = "missed=unknown"
		}
		s.note(recordEvent{Kind: kindGap, ID: c.Next, Bytes: n, Note: note})
	}
}

// heard notes a frame that came up a socket.
func (s *Subscription) heard(n int, sum string) {
	s.note(recordEvent{Kind: kindMessage, Bytes: n, Sum: sum})
}

func (s *Subscription) ended(reason string) {
	s.note(recordEvent{Kind: kindEnd, Note: reason})
	s.over(Ending{Reason: reason, Messages: s.sent})
}

// aborted notes how the peer's departure was learned of.
func (s *Subscription) aborted(how string) {
	s.note(recordEvent{Kind: kindAbortNoticed, Note: how})
	s.over(Ending{Messages: s.sent, Err: errors.New(how)})
}

func (s *Subscription) over(e Ending) {
	if s.OnEnd != nil {
		s.OnEnd(e)
	}
}

// refused notes a request that did not become a subscription.
func (s *Subscription) refused(status int, err error) {
	if s.Channel == "" {
		return
	}
	s.note(recordEvent{
		Kind: kindError, Status: status, HTTP: s.peer.http, Method: s.peer.method,
		Note: fmt.Sprintf("%s status=%d: %v", s.peer.note, status, err),
	})
}
