package conference

import (
	"maps"
	"net/http"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

// newDemo makes a page and its service.
func newDemo[R any](s *stage.Stage, page, name string, fresh func() R, verbs map[string]answer[R], more map[string]any) (http.Handler, error) {
	frame, err := s.Page(page+`{{define "bayeux"}}`+clientScript+`{{end}}`, func(r *http.Request) any {
		room, _ := stage.Room(r) // a page of no such room is everybody's
		config := map[string]any{"room": room, "channel": "/" + name + "/" + roomSegment(room) + "/*", "service": "/service/" + name + "/"}
		maps.Copy(config, more)
		return config
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	if _, err := newService(s, mux, name, fresh, verbs); err != nil {
		return nil, err
	}
	return mux, nil
}
