package proxies

import (
	"net/http"
	"sync"
)

func rechunkFault() Fault {
	return Fault{
		Name:   "rechunk",
		Means:  "The body leaves at once, but cut in other places: no chunk or frame of the origin's arrives whole.",
		Source: "any proxy may (RFC 9112, 7.1: chunks belong to one connection); ten of the SockJS suite's tests fail on it though nothing is late",
		Params: []Param{
			{Name: "bytes", Type: Bytes, Default: "7", Main: true, Means: "size of a piece; a message may end inside one, and its last piece may be shorter"},
		},
		New: func(a Args) (Hooks, error) {
			size := int(min(a.Number("bytes"), 32<<10))
			return Hooks{Writer: func(next ResponseWriter, _ *http.Request) ResponseWriter {
				return &rechunkWriter{ResponseWriter: next, size: size}
			}}, nil
		},
	}
}

// rechunkWriter cuts where the body as a whole is a multiple of size long.
type rechunkWriter struct {
	ResponseWriter
	size int
	mu   sync.Mutex
	into int // how much of the piece under way has left
}

func (w *rechunkWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := 0
	for done < len(p) {
		n, err := w.ResponseWriter.Write(p[done:min(done+w.size-w.into, len(p))])
		done += n
		w.into = (w.into + n) % w.size
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
