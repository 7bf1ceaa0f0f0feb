package proxies

import (
	"errors"
	"net/http"
	"sync"
)

func corruptFault() Fault {
	return Fault{
		Name:     "corrupt",
		Means:    "Pieces of a response are lost, doubled or altered on the way.",
		Source:   "filters that rewrite bodies; caches that splice ranges",
		Provokes: []Provoke{{"corrupted", "corrupt(mode=drop,every=3)"}},
		Params: []Param{
			{Name: "mode", Type: Word, Words: []string{"drop", "double", "flip", "swap"}, Default: "drop", Main: true, Means: "what happens to a piece: it is lost, comes twice, has the lowest bit of its first byte flipped, or changes places with the next"},
			{Name: "every", Type: Count, Default: "3", Means: "to which: each so many-th piece the origin's writes arrive in"},
		},
		New: func(a Args) (Hooks, error) {
			mode, every := a.Text("mode"), int(a.Number("every"))
			if every < 1 {
				return Hooks{}, errors.New("every: want 1 or more")
			}
			return Hooks{Writer: func(next ResponseWriter, _ *http.Request) ResponseWriter {
				return &corruptWriter{ResponseWriter: next, mode: mode, every: every}
			}}, nil
		},
	}
}

type corruptWriter struct {
	ResponseWriter
	mode  string
	every int

	mu    sync.Mutex
	count int
	later []byte // waits for the next piece
}

// WriteHeader leaves the length out: it may not be true any more.
func (w *corruptWriter) WriteHeader(status int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

func (w *corruptWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	out := p
	if w.count%w.every == 0 && len(p) > 0 {
		switch w.mode {
		case "drop":
			return len(p), nil
		case "double":
			out = append(append([]byte(nil), p...), p...)
		case "flip":
			out = append([]byte(nil), p...)
			out[0] ^= 1
		case "swap":
			if w.later == nil {
				w.later = append([]byte(nil), p...)
				return len(p), nil
			}
		}
	}
	if w.later != nil {
		out = append(append([]byte(nil), p...), w.later...)
		w.later = nil
	}
	_, err := w.ResponseWriter.Write(out)
	return len(p), err
}

func (w *corruptWriter) Finish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.later != nil {
		_, _ = w.ResponseWriter.Write(w.later) // nothing came to swap with
	}
	w.ResponseWriter.Finish(err)
}
