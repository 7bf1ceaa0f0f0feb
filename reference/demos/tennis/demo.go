package tennis

import (
	_ "embed"
	"net/http"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed page.html
var page string

// New makes the demo.
func New(s *stage.Stage) (http.Handler, error) {
	l := newLobby(s)
	cs := &clients{stage: s, left: l.gone, byID: make(map[string]*Client)}
	comet := &Comet{stage: s, clients: cs, chain: []Handler{l, system{cs}}}
	frame, err := s.Page(page, func(*http.Request) any {
		return map[string]any{"width": courtWidth, "height": courtHeight, "padHeight": padHeight, "padAt": padAt}
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	mux.HandleFunc(s.Path+"serverComet.message", comet.serveMessage)
	mux.HandleFunc(s.Path+"serverComet.stream", comet.serveStream)
	return mux, nil
}
