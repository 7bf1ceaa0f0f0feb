package reference

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

var publishOptions = []string{"channel", "due_us", "token"}

// servePublish answers /publish: POST publishes the body, DELETE terminates
// the channel.
func (s *Server) servePublish(w http.ResponseWriter, r *http.Request) {
	if !allowMethods(w, r, http.MethodPost, http.MethodDelete) {
		return
	}
	q, err := query(r)
	if err != nil {
		fail(w, http.StatusBadRequest, "query: "+err.Error())
		return
	}
	channel, due, err := publishParams(q)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	if s.mountedAt(channel) != "" {
		fail(w, http.StatusForbidden, errOwned.Error())
		return
	}
	if r.Method == http.MethodDelete {
		s.hub.Terminate(channel)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxMessageBytes))
	if err != nil {
		status := http.StatusBadRequest
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		fail(w, status, "read body: "+err.Error())
		return
	}
	m, err := s.hub.Publish(channel, r.Header.Get("Content-Type"), body, due)
	if err != nil {
		status := publishStatus(err)
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1") // by then a rate's bucket is full again
		}
		fail(w, status, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	answer := appendJSONString([]byte(`{"channel":`), m.Channel)
	answer = appendJSONString(append(answer, `,"id":`...), m.ID)
	_, _ = w.Write(append(answer, "}\n"...)) // the publisher may be gone
}

// publishParams parses the query of a publish request.
func publishParams(q url.Values) (channel string, dueUS int64, err error) {
	for _, key := range sortedKeys(q) {
		if !slices.Contains(publishOptions, key) {
			return "", 0, unknownOption(key, publishOptions)
		}
	}
	if channel, err = channelOf(q); err != nil {
		return "", 0, err
	}
	if due := q.Get("due_us"); due != "" {
		dueUS, err = strconv.ParseInt(due, 10, 64)
		if err != nil || dueUS <= 0 {
			return "", 0, fmt.Errorf("%w: due_us=%.40q: want Unix microseconds", ErrOption, due)
		}
	}
	return channel, dueUS, nil
}

func publishStatus(err error) int {
	switch {
	case errors.Is(err, ErrBody):
		return http.StatusBadRequest
	case errors.Is(err, ErrTerminated):
		return http.StatusGone
	case errors.Is(err, ErrRate):
		return http.StatusTooManyRequests
	case errors.Is(err, ErrClosed), errors.Is(err, ErrFull):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
