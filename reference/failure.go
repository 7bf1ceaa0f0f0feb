package reference

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

// The ways in which a subscription can be asked to fail.
const (
	failForbidden  = "403"
	failBadGateway = "502"
	failClose      = "close" // the connection is closed, or the stream reset, without an answer
	failCut        = "cut"   // behind the first message of a stream, in the middle of a poll's answer
)

// noteCut is how the record calls an answer that was broken off on purpose.
const noteCut = "cut"

// errAsked is why something failed that was asked to.
var errAsked = errors.New("failed because the request asked for it")

// badGatewayPage is what a gateway in front of an application would say.
const badGatewayPage = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"

// failAsAsked answers in place of the subscription, if that was asked for, and
// reports whether it did. It does not return from a connection that is closed
// unanswered.
func (s *Server) failAsAsked(w http.ResponseWriter, sub *Subscription) bool {
	switch sub.Params.Fail {
	case failForbidden:
		s.refuse(w, sub, refuse(http.StatusForbidden, errAsked))
	case failBadGateway:
		sub.refused(http.StatusBadGateway, errAsked)
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, badGatewayPage) // the peer may be gone
	case failClose:
		sub.refused(0, errAsked)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// cutPoll answers with half of what its head declares, and does not return.
func cutPoll(w http.ResponseWriter, sub *Subscription, head Head, body []byte) {
	for k, v := range head.Header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(head.Status)
	_, _ = w.Write(body[:len(body)/2]) // the peer may be gone
	_ = http.NewResponseController(w).Flush()
	sub.ended(noteCut)
	panic(http.ErrAbortHandler)
}
