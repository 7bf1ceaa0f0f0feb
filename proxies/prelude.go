package proxies

import (
	"errors"
	"net/http"
	"sync"
)

func preludeFault() Fault {
	return Fault{
		Name:     "prelude",
		Means:    "Nothing of the body passes until a number of bytes is there; from then on everything does at once.",
		Source:   "proxies and filters that sniff the beginning of a body; Sophos and Avast scanners (Fyrd/caniuse#2148, tracim/tracim#3235)",
		Provokes: []Provoke{{"prelude-dependent", "prelude(2048)"}},
		Params: []Param{
			{Name: "bytes", Type: Bytes, Default: "2048", Main: true, Means: "how much is waited for"},
			{Name: "head", Type: Word, Words: []string{"hold", "pass"}, Default: "pass", Means: "whether the head waits too"},
			{Name: "status", Type: Count, Means: "with head=hold, of a page of the proxy's own, which the client gets when the origin breaks off before that; without it what is held leaves, and then the cut"},
		},
		New: func(a Args) (Hooks, error) {
			need, holdHead := int(a.Number("bytes")), a.Text("head") == "hold"
			if need > maxHeld {
				return Hooks{}, errTooMuch
			}
			failed := 0
			if a.Has("status") {
				var err error
				if failed, err = statusOf(a); err != nil {
					return Hooks{}, err
				}
				if !holdHead {
					return Hooks{}, errors.New("status wants head=hold: a head that has passed has one")
				}
			}
			return Hooks{Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
				w := &preludeWriter{ResponseWriter: next, need: need, request: r, failed: failed}
				if holdHead {
					w.ResponseWriter = &heldHead{ResponseWriter: next}
				}
				return w
			}}, nil
		},
	}
}

type preludeWriter struct {
	ResponseWriter
	need    int
	request *http.Request
	failed  int // status of the answer to what is broken off; 0: it is cut
	mu      sync.Mutex
	held    []byte
	open    bool
}

func (w *preludeWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open {
		return w.ResponseWriter.Write(p)
	}
	w.held = append(w.held, p...)
	if len(w.held) < w.need {
		return len(p), nil
	}
	return len(p), w.release()
}

func (w *preludeWriter) release() error {
	w.open = true
	held := w.held
	w.held = nil
	if len(held) == 0 {
		return nil
	}
	_, err := w.ResponseWriter.Write(held)
	return err
}

func (w *preludeWriter) Finish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != 0 && !w.open && brokenOff(w.request, err) {
		w.open, w.held = true, nil
		fetchFailed(w.ResponseWriter, w.request, w.failed)
		return
	}
	_ = w.release() // a client that is gone is known further on
	w.ResponseWriter.Finish(err)
}
