package plays

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// rater votes on one page and watches another.
func rater() Play {
	const page = "/demo/session-rater/?"
	return Play{Name: "demo/session-rater", Page: page, Acts: []Act{
		beside("two pages are connected", page),
		{Name: "a vote is seen by both", Do: func(ctx context.Context, s *Scene) error {
			if err := enter(ctx, s.Tab, "comet-5"); err != nil {
				return err
			}
			return s.both(ctx, "$('votes-comet').textContent === '1' && $('mean-comet').textContent === '5.0'")
		}},
		{Name: "another is, after silence", Do: func(ctx context.Context, s *Scene) error {
			if err := pause(ctx, s.Other, silence); err != nil {
				return err
			}
			if err := enter(ctx, s.Other, "comet-4"); err != nil {
				return err
			}
			return s.both(ctx, "$('votes-comet').textContent === '2' && $('mean-comet').textContent === '4.5'")
		}},
	}}
}

// chat says something on each page.
func chat() Play {
	const page = "/demo/chat/?"
	return Play{Name: "demo/chat", Page: page, Acts: []Act{
		beside("two pages are connected", page),
		{Name: "both say something, both read it", Do: func(ctx context.Context, s *Scene) error {
			for i, t := range s.pages() {
				if err := say(ctx, t, []string{"Ada", "Grace"}[i], "hello"); err != nil {
					return err
				}
			}
			return s.both(ctx, "$('lines').children.length === 2")
		}},
		{Name: "more is said, after silence", Do: func(ctx context.Context, s *Scene) error {
			if err := pause(ctx, s.Tab, silence); err != nil {
				return err
			}
			if err := say(ctx, s.Tab, "", " again"); err != nil {
				return err
			}
			return s.both(ctx, "$('lines').lastElementChild.textContent === 'Ada again'")
		}},
	}}
}

// say types a name, unless there is one, and a text, and sends it by Enter.
func say(ctx context.Context, t measure.Tab, name, text string) error {
	for _, field := range []struct{ id, text string }{{"from", name}, {"text", text}} {
		if field.text == "" {
			continue
		}
		if err := t.Eval(ctx, "($('"+field.id+"').focus(), true)", nil); err != nil {
			return err
		}
		if err := t.Type(ctx, field.text); err != nil {
			return err
		}
	}
	return t.Press(ctx, "Enter")
}

// beside opens a second page and waits until both are connected.
func beside(name, page string) Act {
	return Act{Name: name, Slack: time.Second, Do: func(ctx context.Context, s *Scene) (err error) {
		if s.Other, err = s.open(ctx, page); err != nil {
			return err
		}
		return s.both(ctx, "$('state').textContent === 'connected'")
	}}
}
