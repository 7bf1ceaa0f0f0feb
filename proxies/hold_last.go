package proxies

import (
	"net/http"
	"sync"
)

func holdLastFault() Fault {
	return Fault{
		Name:     "hold-last",
		Means:    "The last piece of the body waits for the next one: the client is always one message behind.",
		Source:   "aspnet/AspNetCoreModule#16, featurehub-io/featurehub#296",
		Provokes: []Provoke{{"hold-last", "hold-last"}},
		New: func(Args) (Hooks, error) {
			return Hooks{Writer: func(next ResponseWriter, _ *http.Request) ResponseWriter {
				return &holdLastWriter{ResponseWriter: next}
			}}, nil
		},
	}
}

type holdLastWriter struct {
	ResponseWriter
	mu   sync.Mutex
	last []byte
}

func (w *holdLastWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.release(); err != nil {
		return 0, err
	}
	w.last = append(w.last[:0], p...)
	return len(p), nil
}

func (w *holdLastWriter) release() error {
	if len(w.last) == 0 {
		return nil
	}
	_, err := w.ResponseWriter.Write(w.last)
	w.last = w.last[:0]
	return err
}

func (w *holdLastWriter) Finish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.release() // a client that is gone is known further on
	w.ResponseWriter.Finish(err)
}
