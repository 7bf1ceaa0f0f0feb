package scenarios

import (
	"context"
	"net/http"

	"github.com/cometbench/cometbench/proxies"
)

// inCompany reports whether trials of other cells are on a path at the same time:
// one instance of a real program serves all of them, and so does what somebody
// else runs.
func inCompany(p Path) bool {
	if isDirect(p) || isVia(p) {
		return false
	}
	return p.Proxy.Scope() == proxies.Shared || p.Proxy.Capabilities().Foreign
}

// mayBeCrowd are the causes that our own crowd on a path may look like, if it
// has few places: a request that waits for one looks half-open, one that is
// refused comes late.
var mayBeCrowd = []string{"half-open", "corrupted", "connection-limit", "thread-starvation", "hold-timer", "unknown"}

// unaccompanied measures again what a path in company refused for want of a place,
// with more of the path for itself: an instance of the program, where it can be
// started again. How many streams a path takes at once is asked by
// delivery/fan-in; elsewhere it would only be our own crowd.
func (r *runner) unaccompanied(ctx context.Context, c cell, runs map[string]*trialRun) {
	if !inCompany(c.path) {
		return
	}
	lets := false
	var again []Trial
	for _, run := range runs {
		if run.evidence == nil {
			continue
		}
		refused := false
		for _, e := range run.evidence.exchanges() {
			lets = lets || e.Attached
			refused = refused || e.outOfPlaces()
		}
		if refused && !run.trial.OwnProxy {
			again = append(again, run.trial)
		}
	}
	if !lets {
		return // it refuses everybody
	}
	attempt := 2
	if c.path.Proxy.Capabilities().Foreign {
		attempt = maxAttempts
	}
	for name, run := range r.trials(ctx, c, again, attempt) {
		if run.err == nil {
			runs[name] = run
		}
	}
}

// outOfPlaces reports whether the path said by itself that it had no place for
// a request of this exchange.
func (e *Evidence) outOfPlaces() bool {
	for _, status := range e.Refusals() {
		if noPlace(status) {
			return true
		}
	}
	return false
}

// noPlace reports whether a status says that there are too many of us.
func noPlace(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}
