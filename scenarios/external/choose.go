package external

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Chooses reports whether a protocol is the program's.
func (c *Client) Chooses(session string) bool { return c.program.Family == session }

// Choose runs the program with all its transports, until a message of the
// channel arrives or ctx ends. publish is called whenever it has subscribed.
// t is the endpoint with all transports; SockJS reads the channel from its query. What the program met on the way is
// told in its own words; times count from when it was loaded.
func (c *Client) Choose(ctx context.Context, t measure.Target, channel string, publish func() error) (measure.Choice, error) {
	if err := c.reaches(t, true); err != nil {
		return measure.Choice{}, err
	}
	events := make(chan Event, 1024)
	var answered int64 // when the session was last known to be
	var began int64    // by the program's clock, without the time that Node takes to load it
	since := func(e Event) time.Duration { return time.Duration(e.At-began) * time.Microsecond }
	p, err := c.kit.Start(c.program, Run{URL: t.URL, Options: Options{Subscribe: []string{"/hub/" + channel}}}, func(e Event) {
		select {
		case events <- e:
		default: // a program that floods is not waited for
		}
	})
	if err != nil {
		return measure.Choice{}, err
	}
	defer p.Kill()
	choice := measure.Choice{}
	for {
		select {
		case e := <-events:
			switch e.Event {
			case "begin":
				began = e.At
			case "open", "connected":
				answered = e.At
				if choice.Transport != e.Transport {
					choice.Transport, choice.Opened = e.Transport, since(e)
				}
			case "subscribed":
				if err := publish(); err != nil {
					return choice, fmt.Errorf("choose: %w", err)
				}
			case "down", "over", "crashed":
				choice.Met = append(choice.Met, met(e, since(e), answered))
				if e.Event != "down" {
					choice.Transport = ""
					return choice, nil
				}
			case "message":
				if m, err := hubMessage(e.Data); err != nil || m.ID == "" {
					continue // a notice
				}
				choice.Received = since(e)
				return choice, nil
			}
		case <-p.Done():
			if choice.Transport == "" && len(choice.Met) == 0 {
				if err := p.Err(); err != nil {
					return choice, err
				}
				return choice, errNothing
			}
			return choice, nil
		case <-ctx.Done():
			return choice, nil
		}
	}
}

// met is what a program met after so long, in its own words.
func met(e Event, after time.Duration, answered int64) string {
	if e.On == "" {
		e.On = e.Event
	}
	text := fmt.Sprintf("%s after %.1f s: %s", e.On, after.Seconds(), e.Why)
	if why, _, lost := strings.Cut(failure(e, answered), ": "); lost && why != e.On {
		text += " (" + why + ")"
	}
	return text
}
