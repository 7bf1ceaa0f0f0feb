// Package stage is what each demo stands on: the reference server that carries
// it, a path of its own, policy time that may be scaled, and the frame of its
// page.
//
// [Stage.Page] makes the page of a demo from an embedded template; [Stage.Channel]
// names its channels; [Stage.Time] scales its durations. A demo keeps its
// goroutines in [Stage.Go], so that [Stage.Close] waits for them.
//
// It knows no technique and opens no connection.
package stage

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference"
)

// Stage is one demo's part of a server.
type Stage struct {
	Server *reference.Server
	Path   string // starts and ends in "/", as /demo/rocket/

	scale float64
	ctx   context.Context
	stop  context.CancelFunc
	work  sync.WaitGroup
}

// New sets a stage up. scale multiplies policy time, 0 is 1.
func New(server *reference.Server, path string, scale float64) *Stage {
	if scale == 0 {
		scale = 1
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Stage{Server: server, Path: path, scale: scale, ctx: ctx, stop: stop}
}

// Time is a policy duration on this stage.
func (s *Stage) Time(d time.Duration) time.Duration { return time.Duration(float64(d) * s.scale) }

// Channel is a channel of the demo's own.
func (s *Stage) Channel(parts ...string) string { return s.Path + strings.Join(parts, "/") }

// Go runs work until it returns, which it does when stop is closed.
func (s *Stage) Go(work func(stop <-chan struct{})) { s.work.Go(func() { work(s.ctx.Done()) }) }

// Close tells what runs on the stage to end and waits for it.
func (s *Stage) Close() {
	s.stop()
	s.work.Wait()
}

// NewID is a name that nobody can guess.
func NewID() string { return strings.ToLower(rand.Text()) }

// Fail answers with one line of text.
func Fail(w http.ResponseWriter, status int, line string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	http.Error(w, line, status) // sets the type, and nosniff
}

// Allow answers 405 and returns false when the request's method is none of
// methods.
func Allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	Fail(w, http.StatusMethodNotAllowed, "want "+strings.Join(methods, " or "))
	return false
}
