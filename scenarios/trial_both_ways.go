package scenarios

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const bothWaysName = "both-ways"

// The parts of the both-ways trial: what comes down, and what goes up beside.
const (
	partDown   = "down"
	partUp     = "up"     // a body in pieces, answered at its end
	partDuplex = "duplex" // the same, answered piece by piece
)

// The body that goes up, wire time.
const (
	upPieces  = 3
	upSpacing = 300 * time.Millisecond
)

// bothWaysTrial keeps the technique's own exchange open and sends something up
// meanwhile: over a socket frames, else a request whose body comes in pieces.
func bothWaysTrial() Trial {
	return Trial{Name: bothWaysName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		how := asking{}
		if b.Technique.Name == "websocket" {
			how.uplink, how.pause = []string{greeting, greeting, greeting}, upSpacing
		} else if _, ok := b.Client.(measure.Asker); !ok {
			return nil, &unableError{measure.Unsupported, b.Client.Name() + " sends no request body in pieces; ask the Go client"}
		}
		x, err := b.openAs(ctx, partDown, unrecycled(), how)
		if err != nil {
			return nil, err
		}
		if !x.attached(ctx) {
			return x.finish(ctx)
		}
		up := make(chan sentUp, 1)
		if b.Technique.Class == measure.ClassSocket {
			up <- sentUp{}
		} else {
			go func() { up <- b.sendUp(ctx) }()
		}
		err = x.schedule(ctx, 2*upPieces, steadySpacing, smallMessage)
		sent := <-up
		if err == nil {
			err = sent.err
		}
		if err != nil {
			return nil, joinFinish(ctx, x, err)
		}
		x.settle(ctx, lingerWait/2+x.ev.Interval)
		down, err := x.end(ctx)
		if err != nil {
			return nil, err
		}
		return inParts(append([]*Evidence{down}, sent.parts...)...), nil
	}}
}

// sentUp is what became of the requests that went up.
type sentUp struct {
	parts []*Evidence
	err   error
}

// sendUp sends the same body twice, side by side: one waits for its end before
// the origin answers, one is answered while it goes on.
func (b *Bench) sendUp(ctx context.Context) sentUp {
	duplex := make(chan sentUp, 1)
	go func() { duplex <- b.sendOne(ctx, partDuplex, true) }()
	out, other := b.sendOne(ctx, partUp, false), <-duplex
	out.parts = append(out.parts, other.parts...)
	if out.err == nil {
		out.err = other.err
	}
	return out
}

func (b *Bench) sendOne(ctx context.Context, part string, duplex bool) sentUp {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pieces := make(chan []byte)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(pieces)
		start := time.Now()
		for i := range upPieces {
			if sleepUntil(ctx, start.Add(time.Duration(i)*upSpacing)) != nil {
				return
			}
			select {
			case pieces <- smallMessage(i):
			case <-ctx.Done():
				return
			}
		}
		_ = sleepUntil(ctx, start.Add(upPieces*upSpacing)) // the end has a piece's time to itself
	}()
	e, err := b.sink(ctx, part, duplex, pieces)
	cancel()
	<-done
	if err != nil {
		return sentUp{err: err}
	}
	return sentUp{parts: []*Evidence{e}}
}
