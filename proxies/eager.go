package proxies

import (
	"errors"
	"maps"
	"net/http"
	"sync"
)

// eager is the innermost way back: each head and each write leaves at once.
type eager struct {
	header   http.Header // of the faults' writers; w's own belongs to the server
	mu       sync.Mutex
	w        http.ResponseWriter
	trailers http.Header
	rc       *http.ResponseController
	gone     func() // called once when the client cannot be written to
	began    bool
	finished bool
	broken   error
	err      error // how the response ended
}

var errFinished = errors.New("write after the end of the response")

func newEager(w http.ResponseWriter, gone func()) *eager {
	rc := http.NewResponseController(w)
	// Else net/http reads the request's body to its end before the head of an
	// early answer leaves. HTTP/2 knows no such thing and says so.
	_ = rc.EnableFullDuplex()
	return &eager{header: http.Header{}, w: w, rc: rc, gone: gone}
}

func (e *eager) Header() http.Header { return e.header }

func (e *eager) WriteHeader(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.began || e.finished {
		return
	}
	e.began = true
	own := e.w.Header()
	for name, values := range e.header {
		own[name] = values
	}
	// net/http adds these where the origin sent none; nil keeps them away.
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := own[name]; !ok {
			own[name] = nil
		}
	}
	e.w.WriteHeader(status)
	e.flush()
}

func (e *eager) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.finished:
		return 0, errFinished
	case e.broken != nil:
		return 0, e.broken
	}
	e.began = true
	n, err := e.w.Write(p)
	if err != nil {
		if !errors.Is(err, http.ErrBodyNotAllowed) {
			e.fail(err)
		}
		return n, err
	}
	e.flush()
	return n, e.broken
}

// setTrailers gives what is to follow the body, under the names that net/http
// wants for it. It comes before Finish.
func (e *eager) setTrailers(h http.Header) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trailers = h
}

// Finish notes how the response ended; the exchange acts on it.
func (e *eager) Finish(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.finished {
		return
	}
	e.finished = true
	for name, values := range e.trailers {
		e.w.Header()[name] = values
	}
	e.err = err
	if e.err == nil {
		e.err = e.broken
	}
}

// interim passes a 1xx response on. It is not the head.
func (e *eager) interim(status int, header http.Header) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.began || e.finished {
		return
	}
	own := e.w.Header()
	later := maps.Clone(own)
	clear(own)
	maps.Copy(own, header)
	e.w.WriteHeader(status)
	clear(own)
	maps.Copy(own, later)
}

func (e *eager) flush() {
	if err := e.rc.Flush(); err != nil {
		e.fail(err)
	}
}

func (e *eager) fail(err error) {
	if e.broken == nil {
		e.broken = err
		e.gone()
	}
}

func (e *eager) ended() (began bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.began, e.err
}
