package clients

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// newRequest asks as a browser asks for this technique, with what the target
// adds or changes.
func (s *subscriber) newRequest(ctx context.Context) (*http.Request, error) {
	method := s.Target.Method
	if method == "" {
		method = s.technique.Method
	}
	u := s.url
	if !s.positionInHeader() {
		u = s.resumeURL()
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(s.Target.Body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", s.technique.Accept)
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	if len(s.Target.Body) > 0 {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	if s.positionInHeader() {
		req.Header.Set("Cache-Control", "no-cache")
		if s.position != "" {
			req.Header.Set("Last-Event-ID", s.position)
		}
	}
	s.dress(req.Header)
	if host := s.Target.Header.Get("Host"); host != "" {
		req.Host = host
	}
	return req, nil
}

// dress adds what browsers send with everything, then the target's own headers.
// An empty Accept-Encoding there means to send none.
func (s *subscriber) dress(h http.Header) {
	h.Set("Accept-Language", "en-US,en;q=0.9")
	h.Set("User-Agent", s.userAgent)
	for name, values := range s.Target.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	h.Del("Host") // goes into the request line's place for it
	if h.Get("Accept-Encoding") == "" {
		h.Del("Accept-Encoding")
	}
}

// positionInHeader reports whether resuming goes by Last-Event-ID, as an
// EventSource does it, rather than by the URL.
func (s *subscriber) positionInHeader() bool { return s.technique.Name == "eventsource" }

// resumeURL asks for what comes behind the position. Before anything is known,
// the target's own URL stays as it is.
//
// Within a session the server knows the position. It counts when a session is
// opened, and is repeated because it is in the URL then.
func (s *subscriber) resumeURL() *url.URL {
	u := s.url
	if s.position != "" || s.moved {
		u = withAfter(u, s.position)
	}
	if s.sockjs != nil {
		u = s.sockjs.url(u)
	}
	return u
}
