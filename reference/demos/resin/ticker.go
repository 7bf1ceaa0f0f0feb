package resin

import (
	_ "embed"
	"net/http"
	"strconv"
	"time"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed page.html
var page string

const (
	tickEvery = 2 * time.Second
	ticks     = 10
	counted   = "comet.count" // the attribute that the timer sets
)

// ticker is the servlet of the demo: a timer counts in an attribute and wakes.
type ticker struct{ stage *stage.Stage }

// New makes the demo.
func New(s *stage.Stage) (http.Handler, error) {
	frame, err := s.Page(page, func(*http.Request) any {
		return map[string]any{"ticks": ticks, "every": s.Time(tickEvery).Milliseconds()}
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	mux.HandleFunc(s.Path+"comet", func(w http.ResponseWriter, r *http.Request) {
		if stage.Allow(w, r, http.MethodGet) {
			Serve(s, ticker{s}, w, r)
		}
	})
	return mux, nil
}

// Service starts the request's timer.
func (t ticker) Service(_ *http.Request, c *Controller) bool {
	t.stage.Go(func(stop <-chan struct{}) {
		clock := time.NewTicker(t.stage.Time(tickEvery))
		defer clock.Stop()
		for n := 1; n <= ticks; n++ {
			select {
			case <-clock.C:
			case <-c.Done():
				return
			case <-stop:
				return
			}
			c.SetAttribute(counted, n)
			c.Wake()
		}
	})
	return true
}

// Resume tells the count, and ends the response with the last.
func (ticker) Resume(c *Controller) bool {
	n, _ := c.Attribute(counted).(int)
	return c.Call(strconv.AppendInt(nil, int64(n), 10)) == nil && n < ticks
}
