package tennis

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

const (
	maxClients = 10_000
	maxStreams = 2 // of one client: the old iframe and the new
	heartbeat  = 5 * time.Second
)

// Client is one page.
type Client struct {
	Name string // what other players see

	id      string // a secret between the page and the server
	clients *clients
	channel string

	// Under the mutex of clients.
	streams []*reference.Subscription // oldest first
	gone    bool
	silence *time.Timer // runs while there is no stream
}

// Send sends a message to the page. The error says that it is no JSON, or that
// the server takes no more.
func (c *Client) Send(message any) error {
	data, err := json.Marshal(message)
	if err == nil {
		_, err = c.clients.stage.Server.Hub().Publish(c.channel, "application/json", data, 0)
	}
	if err != nil {
		return fmt.Errorf("send to %s: %w", c.Name, err)
	}
	return nil
}

// clients are the pages that are there.
type clients struct {
	stage *stage.Stage
	left  func(*Client) // called once for each client, when it is gone

	mu     sync.Mutex
	byID   map[string]*Client
	number int
}

// open makes a client. It is gone again unless a stream comes.
func (cs *clients) open() (*Client, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.byID) >= maxClients {
		return nil, fmt.Errorf("more than %d players are here", maxClients)
	}
	cs.number++
	c := &Client{Name: "player-" + strconv.Itoa(cs.number), id: stage.NewID(), clients: cs}
	c.channel = cs.stage.Channel("client", c.id)
	c.silence = time.AfterFunc(cs.stage.Time(2*heartbeat), c.leave)
	cs.byID[c.id] = c
	return c, nil
}

// client finds a client by its id; nil when it is gone.
func (cs *clients) client(id string) *Client {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.byID[id]
}

// named finds a client by its name; nil when it is gone.
func (cs *clients) named(name string) *Client {
	for _, c := range cs.all() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (cs *clients) all() []*Client {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	out := make([]*Client, 0, len(cs.byID))
	for _, c := range cs.byID {
		out = append(out, c)
	}
	return out
}

// attach adds a stream. A third takes the place of the oldest.
func (c *Client) attach(sub *reference.Subscription) {
	cs := c.clients
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.silence.Stop()
	if len(c.streams) >= maxStreams {
		cs.stage.Server.Detach(c.streams[0], reference.ReasonLimit)
	}
	c.streams = append(c.streams, sub)
}

// detach takes a stream away. After the last one the page has a heartbeat's
// time to come back.
func (c *Client) detach(sub *reference.Subscription) {
	cs := c.clients
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.streams = slices.DeleteFunc(c.streams, func(s *reference.Subscription) bool { return s == sub })
	if len(c.streams) == 0 && !c.gone {
		c.silence.Reset(cs.stage.Time(heartbeat))
	}
}

// leave forgets the client, unless a stream came meanwhile.
func (c *Client) leave() {
	cs := c.clients
	cs.mu.Lock()
	if c.gone || len(c.streams) > 0 {
		cs.mu.Unlock()
		return
	}
	c.gone = true
	delete(cs.byID, c.id)
	cs.mu.Unlock()
	cs.left(c)
}
