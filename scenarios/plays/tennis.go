package plays

import (
	"context"
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// tennis is a game between two browsers.
func tennis() Play {
	return Play{Name: "demo/tennis", Page: "/demo/tennis/?", Acts: []Act{
		{Name: "two players are connected", Do: func(ctx context.Context, s *Scene) (err error) {
			if s.Other, err = s.open(ctx, "/demo/tennis/?"); err != nil {
				return err
			}
			for _, t := range s.pages() {
				if err := t.Until(ctx, "!$('create').disabled && serverComet.frames.size > 0"); err != nil {
					return err
				}
			}
			return nil
		}},
		{Name: "a game is announced", Do: func(ctx context.Context, s *Scene) error {
			if err := enter(ctx, s.Tab, "create"); err != nil {
				return err
			}
			const announced = `/your game is (\w+)/.exec($('state').textContent)`
			if err := s.Tab.Until(ctx, announced); err != nil {
				return err
			}
			return s.Tab.Eval(ctx, announced+"[1]", &s.Word)
		}},
		{Name: "its id is entered, both play", Do: func(ctx context.Context, s *Scene) error {
			if err := s.Other.Eval(ctx, "($('id').focus(), true)", nil); err != nil {
				return err
			}
			if err := s.Other.Type(ctx, s.Word); err != nil {
				return err
			}
			if err := s.Other.Press(ctx, "Enter"); err != nil {
				return err
			}
			return s.both(ctx, "!$('court').hidden && state")
		}},
		{Name: "the creator's pad moves on both pages", Do: func(ctx context.Context, s *Scene) error { return s.moves(ctx, s.Tab, 0) }},
		{Name: "the joiner's pad moves on both pages", Do: func(ctx context.Context, s *Scene) error { return s.moves(ctx, s.Other, 1) }},
		{Name: "the ball flies for a second", Do: func(ctx context.Context, s *Scene) error {
			if err := s.Other.Eval(ctx, "(window.before = serverComet.last, true)", nil); err != nil {
				return err
			}
			return s.Other.Until(ctx, "serverComet.last >= before + 20")
		}},
		{Name: "one quits, both are told", Do: func(ctx context.Context, s *Scene) error {
			if err := enter(ctx, s.Other, "quit"); err != nil {
				return err
			}
			return s.both(ctx, "$('court').hidden && /over: .* quit/.test($('state').textContent)")
		}},
	}}
}

// moves holds a key down until the pad has moved in both pages.
func (s *Scene) moves(ctx context.Context, player measure.Tab, pad int) error {
	if err := player.Eval(ctx, "($('court').focus(), true)", nil); err != nil {
		return err
	}
	if err := player.Hold(ctx, "ArrowDown"); err != nil {
		return err
	}
	if err := s.both(ctx, fmt.Sprintf("state && state.pads[%d] > config.height / 2", pad)); err != nil {
		return err
	}
	return player.Release(ctx, "ArrowDown")
}

func (s *Scene) pages() []measure.Tab { return []measure.Tab{s.Tab, s.Other} }

// both waits for a condition in both pages.
func (s *Scene) both(ctx context.Context, condition string) error {
	for _, t := range s.pages() {
		if err := t.Until(ctx, condition); err != nil {
			return err
		}
	}
	return nil
}
