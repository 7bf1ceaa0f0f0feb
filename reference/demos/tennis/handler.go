package tennis

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Message is what a page sends.
type Message struct {
	Type      string `json:"type"`
	Game      string `json:"game,omitempty"`      // join: its id
	Direction string `json:"direction,omitempty"` // pad: UP, DOWN or STOP
	To        string `json:"to,omitempty"`        // tell: a player's name, or "" for everybody
	Text      string `json:"text,omitempty"`      // tell
}

// Handler is a link of the chain that a message goes through.
type Handler interface {
	// Handle reports whether the message was for it; then no other is asked.
	// An error is shown to the user.
	Handle(c *Client, m Message) (accepted bool, err error)
}

// errNobody ends the chain.
var errNobody = errors.New("nobody here understands that")

// pass asks the handlers in their order.
func pass(chain []Handler, c *Client, m Message) error {
	for _, h := range chain {
		if accepted, err := h.Handle(c, m); accepted {
			return err
		}
	}
	return errNobody
}

const maxText = 280 // characters

// system is the last handler: it takes a message to one client, or to all.
type system struct{ clients *clients }

func (s system) Handle(c *Client, m Message) (bool, error) {
	if m.Type != "tell" {
		return false, nil
	}
	if n := utf8.RuneCountInString(m.Text); n == 0 || n > maxText {
		return true, fmt.Errorf("want 1 to %d characters", maxText)
	}
	told := map[string]string{"type": "told", "from": c.Name, "text": m.Text}
	if m.To == "" {
		for _, other := range s.clients.all() {
			_ = other.Send(told) // one that has just left
		}
		return true, nil
	}
	other := s.clients.named(m.To)
	if other == nil {
		return true, fmt.Errorf("%s is not here", m.To)
	}
	return true, other.Send(told)
}

// parse reads a message as a page sends it.
func parse(text string) (Message, error) {
	var m Message
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return Message{}, fmt.Errorf("message: want JSON: %w", err)
	}
	return m, nil
}
