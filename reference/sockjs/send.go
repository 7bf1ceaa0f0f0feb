package sockjs

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"net/url"
)

// sending is one way to send over HTTP.
type sending interface {
	// payload finds the messages in a request's body.
	payload(contentType string, body []byte) ([]byte, error)
	// done says that they were taken.
	done(w http.ResponseWriter)
}

// sender answers a request that sends to a session.
func (s *Service) sender(id string, by sending) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		neverCached(w.Header())
		session := s.sessions.find(id)
		if session == nil {
			notFound(w)
			return
		}
		var body bytes.Buffer
		if err := s.readBody(w, r, &body); err != nil {
			status := http.StatusBadRequest
			if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
				status = http.StatusRequestEntityTooLarge
			}
			fail(w, status, err.Error())
			return
		}
		payload, err := by.payload(r.Header.Get("Content-Type"), body.Bytes())
		var texts []string
		if err == nil {
			texts, err = messagesOf(payload, false)
		}
		if err != nil {
			fail(w, http.StatusInternalServerError, err.Error())
			return
		}
		switch err := session.deliver(texts); {
		case errors.Is(err, ErrClosed): // as if it were forgotten already
			notFound(w)
		case err != nil:
			w.Header().Set("Retry-After", "1")
			fail(w, http.StatusServiceUnavailable, err.Error())
		default:
			by.done(w)
		}
	}
}

// xhrSend takes a JSON array as the body, whatever type it says it has.
type xhrSend struct{}

func (xhrSend) payload(_ string, body []byte) ([]byte, error) { return body, nil }

// done answers 204, with a type: Firefox took an answer without for XML.
func (xhrSend) done(w http.ResponseWriter) {
	w.Header().Set("Content-Type", textType)
	w.WriteHeader(http.StatusNoContent)
}

// jsonpSend takes the array as a form's field d, or as the body.
type jsonpSend struct{}

func (jsonpSend) payload(contentType string, body []byte) ([]byte, error) {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/x-www-form-urlencoded" {
		return body, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errPayload
	}
	return []byte(form.Get("d")), nil
}

// done answers ok and not 204, which Konqueror did strange things on.
func (jsonpSend) done(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", textType)
	h.Set("Content-Length", "2")
	_, _ = w.Write([]byte("ok")) // the peer may be gone
}
