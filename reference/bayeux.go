package reference

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cometbench/cometbench/reference/bayeux"
)

// The endpoint of Bayeux, and where the hub's channels are there: channel C of
// the hub is /hub/C, if that is a channel by Bayeux's rules. The data of a
// message is the whole message as the other techniques send it.
const (
	bayeuxPath = "/bayeux"
	hubPrefix  = "/hub/"
)

// newBayeux makes the server of Bayeux clients.
func (s *Server) newBayeux() (*bayeux.Server, error) {
	c := s.cfg.Bayeux
	c.MaxSessions = defaultTo(c.MaxSessions, s.cfg.MaxSubscribers)
	c.MaxMessageBytes = defaultTo(c.MaxMessageBytes, s.cfg.MaxMessageBytes)
	c.Feed, c.FeedPrefix = hubFeed{s.hub}, hubPrefix
	b, err := bayeux.New(c)
	if err != nil {
		return nil, fmt.Errorf("reference server: %w", err)
	}
	return b, nil
}

// Bayeux is the server of Bayeux clients, for who takes part inside the
// process.
func (s *Server) Bayeux() *bayeux.Server { return s.bayeux }

// isBayeux reports whether a path is the endpoint's.
func isBayeux(path string) bool {
	return path == bayeuxPath || strings.HasPrefix(path, bayeuxPath+"/")
}

// hubFeed lets Bayeux sessions follow the hub's channels.
type hubFeed struct{ hub *Hub }

// Open implements bayeux.Feed.
func (f hubFeed) Open(channel, after string, o bayeux.Observer, wake func()) (bayeux.Source, error) {
	if after != "" {
		if _, _, err := parsePosition(after); err != nil {
			return nil, fmt.Errorf("replay %.40q: %w", after, err)
		}
	}
	sub := &Subscription{Channel: channel, Technique: "bayeux", hub: f.hub, class: Stream, roused: wake}
	sub.Params = DefaultParams()
	if own, ok := o.(*sessionObserver); ok {
		sub.Technique, sub.Conn, sub.Params, sub.peer = own.sub.Technique, own.sub.Conn, own.sub.Params, own.sub.peer
	}
	// What a session does not take in time is left out, and said: its queue is
	// the log itself.
	sub.Params.After, sub.Params.Slow = after, SlowWait
	leave, err := f.hub.subscribe(sub)
	if err != nil {
		return nil, hubRefusal(channel, err)
	}
	position := after
	if position == "" {
		position = formatID(f.hub.log.Epoch(), sub.pos)
	}
	return &hubSource{sub: sub, leave: leave, position: position}, nil
}

// hubRefusal is a hub's error in Bayeux words.
func hubRefusal(channel string, err error) error {
	e := &bayeux.Error{Code: 503, Args: []string{hubPrefix + channel}, Text: "subscribe_failed: " + err.Error()}
	if errors.Is(err, ErrTerminated) {
		e.Code = 404
	}
	return e
}

// hubSource is one session's place in one of the hub's channels.
type hubSource struct {
	sub      *Subscription
	leave    func()
	position string
	stop     sync.Once
}

// Position implements bayeux.Source.
func (h *hubSource) Position() string { return h.position }

// Take implements bayeux.Source. A gap and the end of a channel are items
// without an id, whose data is the control message.
func (h *hubSource) Take(most int) (items []bayeux.Item, over bool) {
	for len(items) < most {
		gap, msgs := h.sub.next(most - len(items))
		if gap != nil {
			items = append(items, bayeux.Item{Data: gap.AppendJSON(nil)})
			continue
		}
		if len(msgs) == 0 {
			break
		}
		for _, m := range msgs {
			h.sub.taken(m)
			items = append(items, bayeux.Item{ID: m.ID, Data: appendPadding(append([]byte(nil), m.JSON()...), 0, 0, h.sub.Params.Padding)})
		}
	}
	if len(items) < most && h.sub.Detached() == ReasonTerminated {
		return append(items, bayeux.Item{Data: h.sub.end(ReasonTerminated).AppendJSON(nil)}), true
	}
	return items, false
}

// Sent implements bayeux.Source.
func (h *hubSource) Sent(it bayeux.Item, bytes int) {
	if it.ID != "" {
		h.sub.wrote(&Message{ID: it.ID}, bytes)
	}
}

// Stop implements bayeux.Source.
func (h *hubSource) Stop() { h.stop.Do(h.leave) }
