package scenarios

import (
	"context"
	"fmt"
	"net/url"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The frames trial: a stream in a frame, recycled by time as the other trial
// does it, while the page is watched.
const (
	framesName   = "frames"
	framesAfter  = "after" // the frame is made by a page that has loaded
	framesWhile  = "while" // by one that loads
	usualRecycle = 60      // seconds: what the origin does by itself
)

func framesTrial() Trial {
	return Trial{Name: framesName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		client, ok := b.Client.(measure.Framed)
		if !ok {
			return nil, &unableError{measure.Untested, fmt.Sprintf("client %s has no page with frames", b.Client.Name())}
		}
		if err := client.CanWatchFrames(measure.Subscription{Technique: b.Technique.Name}); err != nil {
			return nil, &unableError{measure.Untested, err.Error()}
		}
		whole, err := b.framed(ctx, framesAfter, new(measure.Frames))
		if err != nil {
			return nil, err
		}
		whole.Parts = []*Evidence{whole}
		early := &measure.Frames{WhileLoading: true}
		if client.CanWatchFrames(measure.Subscription{Technique: b.Technique.Name, Frames: early}) != nil {
			return whole, nil
		}
		part, err := b.framed(ctx, framesWhile, early)
		if err != nil {
			return nil, err
		}
		whole.Parts = append(whole.Parts, part)
		return whole, nil
	}}
}

func (b *Bench) framed(ctx context.Context, part string, frames *measure.Frames) (*Evidence, error) {
	opts := url.Values{"recycle_bytes": {"0"}, "recycle_after": {wireDuration(shortRecycle)}, "retry": {"50ms"}}
	x, err := b.openAs(ctx, part, opts, asking{resume: true, frames: frames})
	if err != nil {
		return nil, err
	}
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	if err := x.schedule(ctx, recycleTimeCount, recycleSpacing, smallMessage); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	x.ev.Frames = frames.Seen() // before the end, which removes them
	return x.end(ctx)
}
