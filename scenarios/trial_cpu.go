package scenarios

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// The CPU trial: so many subscribers of one channel, to which messages are sent
// as often as an unheld poll asks.
const (
	cpuName    = "cpu"
	cpuStreams = 40
	cpuCount   = 16
	cpuSpacing = pollPause
	cpuWarm    = 2 // messages before anything is counted
)

// cpuTrial measures what the origin's process uses while messages flow, by the
// technique and by short polling, which is then as fresh as its interval. The
// origin is the trial's own, so that nobody else is served meanwhile.
func cpuTrial() Trial {
	return Trial{Name: cpuName, OwnOrigin: true, WholeClient: true, Run: func(ctx context.Context, b *Bench) (ev *Evidence, err error) {
		if _, err := usageOf(b.Origin); err != nil {
			return nil, &unableError{measure.Untested, "what the origin uses cannot be told: " + err.Error()}
		}
		if _, ok := b.Client.(measure.Visitor); ok {
			return nil, &unableError{measure.Untested, fmt.Sprintf("%d subscribers are too many for %s", cpuStreams, b.Client.Name())}
		}
		err = b.Heavily(ctx, func() error {
			ev, err = b.burning(ctx, "own", b.Technique)
			if err != nil || b.Technique.Name == "short-poll" {
				return err
			}
			poll, _ := measure.TechniqueByName("short-poll")
			other, err := b.burning(ctx, "polled", poll)
			if err != nil {
				return err
			}
			ev.Parts = []*Evidence{ev, other}
			return nil
		})
		return ev, err
	}}
}

// burning serves the subscribers by a technique; the evidence is the first
// one's.
func (b *Bench) burning(ctx context.Context, part string, t measure.Technique) (*Evidence, error) {
	bench := *b
	bench.Technique = t
	bench.Nonce += "-" + part
	if t.Name != b.Technique.Name {
		bench.Variant = ""
	}
	g := &gathering{b: &bench, client: b.Client, channel: bench.Nonce}
	g.open(ctx, cpuStreams)
	whole, err := g.attached(ctx)
	if err != nil {
		return nil, g.abandon(ctx, err)
	}
	var used time.Duration
	first := g.streams[0]
	if whole {
		err = first.schedule(ctx, cpuWarm, cpuSpacing, smallMessage)
		var before, after child.Usage
		if err == nil {
			before, err = usageOf(b.Origin)
		}
		if err == nil {
			err = first.schedule(ctx, cpuCount, cpuSpacing, smallMessage)
		}
		g.settle(ctx, Stage{First: cpuWarm, Last: len(first.ev.Sent)})
		if err == nil {
			after, err = usageOf(b.Origin)
		}
		used = after.CPU - before.CPU
	}
	if err != nil {
		return nil, g.abandon(ctx, err)
	}
	all, err := g.finish(ctx)
	if err != nil {
		return nil, err
	}
	e := *all.Parts[0]
	e.Part = part
	if whole {
		e.CPU = used
	}
	return &e, nil
}

func usageOf(o Origin) (child.Usage, error) {
	process, ok := o.(interface{ Usage() (child.Usage, error) })
	if !ok {
		return child.Usage{}, child.ErrNoUsage
	}
	return process.Usage()
}
