package reference

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// sinkPath takes what a client sends up and writes down when each piece came.
const sinkPath = "/sink"

var sinkOptions = []string{"channel", "duplex", "nonce"}

// serveSink reads a request's body as it comes, and records each piece that a
// read brings on the channel. It answers with the number of bytes when the body
// has ended; with duplex=1 it begins to answer at once, and says a line for
// each piece while the body goes on.
func (s *Server) serveSink(w http.ResponseWriter, r *http.Request) {
	if !allowMethods(w, r, http.MethodPost) {
		return
	}
	q, err := query(r)
	if err != nil {
		fail(w, http.StatusBadRequest, "query: "+err.Error())
		return
	}
	channel, duplex, err := sinkParams(q)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	sub := &Subscription{
		Channel: channel, Technique: "sink", Conn: connNumber(r), Number: s.record.number(channel), hub: s.hub,
		peer: newPeer(r, "sink", q.Get("nonce")),
	}
	sub.accepted(http.StatusOK)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	n, err := s.swallow(w, r, sub, duplex)
	switch {
	case err == nil:
		sub.note(recordEvent{Kind: kindEnd, Note: "whole", Bytes: int(n)})
		fmt.Fprintf(w, "%d in all\n", n) // the peer may be gone
	case duplex: // the answer has begun
		sub.aborted("read body: " + err.Error())
		panic(http.ErrAbortHandler)
	default:
		sub.aborted("read body: " + err.Error())
		status := http.StatusBadRequest
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		fail(w, status, "read body: "+err.Error())
	}
}

// swallow reads the body to its end, and reports how long it was.
func (s *Server) swallow(w http.ResponseWriter, r *http.Request, sub *Subscription, duplex bool) (n int64, err error) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyAllowed)) // a reader without deadlines does not block
	if duplex {
		_ = rc.EnableFullDuplex() // HTTP/2 and 3 have it anyway
		if err := rc.Flush(); err != nil {
			return 0, err
		}
	}
	body := http.MaxBytesReader(w, r.Body, s.cfg.MaxMessageBytes)
	buf := make([]byte, 4096)
	for {
		k, err := body.Read(buf)
		if k > 0 {
			n += int64(k)
			sub.note(recordEvent{Kind: kindMessage, Bytes: k})
		}
		if k > 0 && duplex {
			fmt.Fprintf(w, "%d\n", k) // an error shows at the flush
			if err := rc.Flush(); err != nil {
				return n, err
			}
		}
		if err == io.EOF {
			_ = rc.SetReadDeadline(time.Time{})
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// sinkParams parses the query of such a request.
func sinkParams(q url.Values) (channel string, duplex bool, err error) {
	for _, key := range sortedKeys(q) {
		if !slices.Contains(sinkOptions, key) {
			return "", false, unknownOption(key, sinkOptions)
		}
	}
	if channel, err = channelOf(q); err != nil {
		return "", false, err
	}
	switch v := q.Get("duplex"); v {
	case "", "0", "1":
		return channel, v == "1", nil
	default:
		return "", false, fmt.Errorf("%w: duplex=%s: want 1 or 0", ErrOption, strconv.Quote(clip(v)))
	}
}
