package conference

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference/bayeux"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed client.js
var clientScript string

// maxRooms bounds what is kept: further rooms are refused.
const maxRooms = 1000

// request is what a page publishes to a service.
type request struct {
	Room string `json:"room"`
	// Of the rater.
	Session string `json:"session"`
	Stars   int    `json:"stars"`
	// Of the chat.
	From string `json:"from"`
	Text string `json:"text"`
}

// service is a Bayeux server with one client of its own that answers the pages.
type service[R any] struct {
	stage  *stage.Stage
	bayeux *bayeux.Server
	prefix string // of the channels that pages may subscribe to, as /rater/
	fresh  func() R

	mu    sync.Mutex
	rooms map[string]R
}

// answer answers what a page published to /service/NAME/VERB, with the room
// locked. It returns what everybody in the room is told on which channel below
// the room's, and what the page alone is told; either may be nil.
type answer[R any] func(room R, from string, r request) (channel string, toAll, toOne any)

// newService makes the server and mounts it below the stage's path.
func newService[R any](s *stage.Stage, mux *http.ServeMux, name string, fresh func() R, verbs map[string]answer[R]) (*service[R], error) {
	v := &service[R]{stage: s, prefix: "/" + name + "/", fresh: fresh, rooms: make(map[string]R)}
	var err error
	v.bayeux, err = bayeux.New(bayeux.Config{
		Timeout: s.Time(20 * time.Second), MaxInterval: s.Time(10 * time.Second),
		MaySubscribe: func(_, pattern string) error {
			if strings.HasPrefix(pattern, v.prefix) {
				return nil
			}
			return &bayeux.Error{Code: 403, Args: []string{pattern}, Text: "subscribe_denied"}
		},
		MayPublish: func(_, channel string) error {
			verb, ok := strings.CutPrefix(channel, "/service"+v.prefix)
			if _, known := verbs[verb]; ok && known {
				return nil
			}
			return &bayeux.Error{Code: 403, Args: []string{channel}, Text: "publish_denied"}
		},
	})
	if err != nil {
		return nil, err
	}
	var local *bayeux.Local
	local, err = v.bayeux.NewLocal(name, func(d bayeux.Delivery) { v.serve(local, verbs, d) })
	if err != nil {
		return nil, err
	}
	for verb := range verbs {
		if err := v.bayeux.Subscribe("/service"+v.prefix+verb, local); err != nil {
			return nil, fmt.Errorf("listen to %s: %w", verb, err)
		}
	}
	mux.Handle(s.Path+"bayeux", v.bayeux)
	mux.Handle(s.Path+"bayeux/", v.bayeux)
	s.Go(func(stop <-chan struct{}) { // held connects end with the server, not after it
		select {
		case <-s.Server.Draining():
		case <-stop:
		}
		v.bayeux.Close()
	})
	return v, nil
}

// serve hands a page's message to its verb, and says what follows.
func (v *service[R]) serve(local *bayeux.Local, verbs map[string]answer[R], d bayeux.Delivery) {
	verb := strings.TrimPrefix(d.Channel, "/service"+v.prefix)
	var r request
	if err := json.Unmarshal(d.Data, &r); err != nil || !stage.IsRoom(r.Room) {
		return // no page of ours sends that
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	room, ok := v.rooms[r.Room]
	if !ok {
		if len(v.rooms) >= maxRooms {
			v.deliver(d.From, d.Channel, map[string]string{"error": "all rooms are taken"})
			return
		}
		room = v.fresh()
		v.rooms[r.Room] = room
	}
	channel, toAll, toOne := verbs[verb](room, d.From, r)
	if toAll != nil {
		if text, err := json.Marshal(toAll); err == nil {
			_ = v.bayeux.Publish(local, v.prefix+roomSegment(r.Room)+"/"+channel, text, "") // what was marshalled is JSON
		}
	}
	if toOne != nil {
		v.deliver(d.From, d.Channel, toOne)
	}
}

// deliver tells one page; it may have gone meanwhile.
func (v *service[R]) deliver(to, channel string, value any) {
	if text, err := json.Marshal(value); err == nil {
		_ = v.bayeux.Deliver(to, channel, text, "")
	}
}

// roomSegment is a room's place in the names of channels, which have no empty
// segments.
func roomSegment(room string) string { return "r-" + room }
