// Package plays has what a person would do on the pages of the demos: each play
// opens one, or two for the game that takes two, acts by keyboard and waits for
// what has to happen.
//
// [All] lists the plays; [Play.Perform] performs one in a [measure.Browser] and
// says how long each act took. It judges nothing, and knows no paths: where the
// pages are found is the caller's matter.
package plays

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Play is a demo in use.
type Play struct {
	Name string // of the technique that results call it by
	Page string // path and query of its page
	Acts []Act
	// Bare is true in a page that was answered without a header that it needs;
	// "" when it needs none.
	Bare string
}

// Act is one thing that somebody does or waits for.
type Act struct {
	Name string
	Do   func(ctx context.Context, s *Scene) error
	// Slack is by how much its length varies of itself: what comes every three
	// seconds comes within three.
	Slack time.Duration
}

// patience is how long an act is waited for, wire time. It is far longer than
// any act takes where nothing is held back, and shorter than a stream's life:
// what comes only when the stream ends does not come.
const patience = 10 * time.Second

// Step is what became of an act.
type Step struct {
	Name string
	Took time.Duration
	Err  error // nil when it was done

	Slack time.Duration // as the act has it
}

// Performance is what became of a play.
type Performance struct {
	Steps   []Step // up to the first that failed
	Trouble measure.Trouble
	Bare    bool // an answer came without a header that the page needs
}

// Scene is what the acts of one performance share.
type Scene struct {
	Tab   measure.Tab // the first page
	Other measure.Tab // the second one, of a game for two
	Word  string      // what one act has to tell another

	open func(ctx context.Context, page string) (measure.Tab, error)
}

// All returns the plays, in the order of measure.Demos.
func All() []Play {
	return []Play{
		rocket(), grizzlyHeld(), grizzlyStream(), resin(),
		dwr("demo/dwr", "mode=comet", 0), dwr("demo/dwr-early-close", "mode=comet&maxWaitAfterWrite=300ms", 0),
		dwr("demo/dwr-polling", "mode=polling", 2*time.Second), dwrPiggyback(), tennis(), rater(), chat(),
	}
}

// ByName finds a play.
func ByName(name string) (Play, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Play{}, false
}

// Perform opens pages with open, which is given a path and a query, and acts
// until an act fails. room is a word that no other performance has: pages
// that everybody shares are shared by those of a room only. The error
// says that no page could be opened, or that the browser failed.
func (p Play) Perform(ctx context.Context, room string, open func(ctx context.Context, page string) (measure.Tab, error)) (out Performance, err error) {
	s := &Scene{open: func(ctx context.Context, page string) (measure.Tab, error) { return open(ctx, page+"&room="+room) }}
	if s.Tab, err = s.open(ctx, p.Page); err != nil {
		return out, err
	}
	defer func() {
		out.Trouble = s.Tab.Trouble()
		if s.Other != nil {
			other := s.Other.Trouble()
			out.Trouble.Complaints = append(out.Trouble.Complaints, other.Complaints...)
			out.Trouble.Foreign = append(out.Trouble.Foreign, other.Foreign...)
			out.Trouble.Refused = append(out.Trouble.Refused, other.Refused...)
			out.Trouble.Breaks = append(out.Trouble.Breaks, other.Breaks...)
			err = errors.Join(err, s.Other.Close())
		}
		err = errors.Join(err, s.Tab.Close())
	}()
	for _, act := range p.Acts {
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, patience)
		actErr := act.Do(within, s)
		late := within.Err() != nil
		cancel()
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if actErr != nil && !late {
			return out, fmt.Errorf("%s: %w", act.Name, actErr)
		}
		step := Step{Name: act.Name, Took: time.Since(began), Err: actErr, Slack: act.Slack}
		out.Steps = append(out.Steps, step)
		if actErr != nil {
			break
		}
	}
	if p.Bare != "" {
		err = s.Tab.Eval(ctx, p.Bare, &out.Bare)
	}
	return out, err
}

// until is an act that waits for a condition in the first page.
func until(name, condition string) Act {
	return Act{Name: name, Do: func(ctx context.Context, s *Scene) error { return s.Tab.Until(ctx, condition) }}
}

// press is an act that presses a button by keyboard, after a pause of the
// page's own, and waits for a condition.
func press(name, id string, after time.Duration, condition string) Act {
	return Act{Name: name, Do: func(ctx context.Context, s *Scene) error {
		if err := pause(ctx, s.Tab, after); err != nil {
			return err
		}
		if err := enter(ctx, s.Tab, id); err != nil {
			return err
		}
		return s.Tab.Until(ctx, condition)
	}}
}

// within gives an act its slack.
func (a Act) within(slack time.Duration) Act {
	a.Slack = slack
	return a
}

func pause(ctx context.Context, t measure.Tab, d time.Duration) error {
	return t.Eval(ctx, fmt.Sprintf("new Promise(done => setTimeout(() => done(true), %d))", d.Milliseconds()), nil)
}

// enter goes to an element and presses Enter.
func enter(ctx context.Context, t measure.Tab, id string) error {
	if err := t.Eval(ctx, fmt.Sprintf("($(%q).focus(), true)", id), nil); err != nil {
		return err
	}
	return t.Press(ctx, "Enter")
}
