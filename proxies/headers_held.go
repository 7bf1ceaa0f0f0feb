package proxies

import (
	"net/http"
	"sync"
)

func headersHeldFault() Fault {
	return Fault{
		Name:     "headers-held",
		Means:    "The response's head waits for the first byte of the body.",
		Source:   "helidon-io/helidon#9164, bunny.net/docs/scripting/server-sent-events",
		Provokes: []Provoke{{"headers-held", "headers-held"}},
		New: func(Args) (Hooks, error) {
			return Hooks{Writer: func(next ResponseWriter, _ *http.Request) ResponseWriter {
				return &heldHead{ResponseWriter: next}
			}}, nil
		},
	}
}

type heldHead struct {
	ResponseWriter
	mu     sync.Mutex
	status int // 0: not held
}

func (w *heldHead) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

func (w *heldHead) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.release()
	return w.ResponseWriter.Write(p)
}

func (w *heldHead) release() {
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
		w.status = 0
	}
}

func (w *heldHead) Finish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.release()
	w.ResponseWriter.Finish(err)
}
