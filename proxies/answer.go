package proxies

import (
	"context"
	"maps"
	"net/http"
	"slices"
)

// answer is what an exchange's response is written to. It puts the writers of
// the active faults in front of the client when the head is known, because
// conditions on the response are decided only then.
type answer struct {
	ex     *exchange
	header http.Header // the sender's; timers may be using the writers' own
	w      ResponseWriter
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.w != nil || a.ex.dropped() {
		return
	}
	a.build()
	a.w.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.ex.dropped() {
		return len(p), nil
	}
	if a.w == nil {
		a.WriteHeader(http.StatusOK)
	}
	return a.w.Write(p)
}

// Flush does nothing: every write is on its way already, or held by a fault.
func (*answer) Flush() {}

func (a *answer) build() {
	ex := a.ex
	a.w = ex.back
	maps.Copy(ex.back.Header(), a.header.Clone())
	// Not the exchange's own context: a cut must not hurry what is on its way.
	seen := ex.in.WithContext(context.WithValue(ex.in.Context(), exchangeKey{}, ex))
	clear(a.header) // what is added from now on are trailers
	for i, f := range slices.Backward(ex.hop.faults) {
		if ex.isActive(i) && f.hooks.Writer != nil {
			a.w = f.hooks.Writer(a.w, seen)
		}
	}
}

func (a *answer) finish(err error) {
	if a.w == nil {
		a.w = a.ex.back
	}
	a.ex.back.setTrailers(a.header)
	a.w.Finish(err)
}
