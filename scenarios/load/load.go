package load

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Options is one step of load. Zero values are the defaults named.
type Options struct {
	Technique   measure.Technique
	Proxy       string   // label in the record
	Base        *url.URL // where subscribers ask; nil is the origin itself
	Origin      scenarios.Origin
	Subscribers int           // 100
	Channels    int           // 1; subscribers are spread over them evenly
	Rate        float64       // messages a second over all channels, 1
	Size        int           // bytes of each message's body, 100
	Duration    time.Duration // of publishing, 10 s
	Interval    time.Duration // between two answers of a short poll, 1 s
	Progress    func(elapsed time.Duration, delivered int64)
}

// Limits of what one process can be asked for.
const (
	maxSubscribers = 9000 // two descriptors each are needed where a proxy runs beside
	maxRate        = 100_000
)

// Techniques lists what load can be made with.
func Techniques() []string { return []string{"short-poll", "long-poll", "callback-poll"} }

// ErrTechnique is returned for techniques whose answers do not end.
var ErrTechnique = errors.New("load is made with short-poll, long-poll and callback-poll only: vegeta measures whole answers and cannot time a stream")

func (o Options) withDefaults() Options {
	if o.Subscribers == 0 {
		o.Subscribers = 100
	}
	if o.Channels == 0 {
		o.Channels = 1
	}
	if o.Rate == 0 {
		o.Rate = 1
	}
	if o.Size == 0 {
		o.Size = 100
	}
	if o.Duration == 0 {
		o.Duration = 10 * time.Second
	}
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	if o.Base == nil {
		o.Base = o.Origin.URL()
	}
	return o
}

// Check says what is wrong with the options, nil when nothing is.
func (o Options) Check() error {
	switch {
	case !slices.Contains(Techniques(), o.Technique.Name):
		return ErrTechnique
	case o.Subscribers < 1 || o.Subscribers > maxSubscribers:
		return fmt.Errorf("%d subscribers: want 1 to %d from one process", o.Subscribers, maxSubscribers)
	case o.Channels < 1 || o.Channels > o.Subscribers:
		return fmt.Errorf("%d channels: want 1 to the number of subscribers (%d)", o.Channels, o.Subscribers)
	case !(o.Rate > 0 && o.Rate <= maxRate): // not a number is neither
		return fmt.Errorf("rate %g: want above 0, at most %d messages a second", o.Rate, maxRate)
	case o.Size < 2 || o.Size > 1<<20:
		return fmt.Errorf("size %d: want 2 bytes to 1 MB", o.Size)
	case o.Duration <= 0 || o.Interval <= 0:
		return errors.New("duration and interval: want more than 0")
	}
	return nil
}

// Run holds the subscribers, publishes for the duration, waits for what is
// still under way and returns the record of the step. When ctx ends early the
// record covers what was done, and ctx's error comes with it.
func Run(ctx context.Context, o Options) (measure.LoadRecord, error) {
	o = o.withDefaults()
	if err := o.Check(); err != nil {
		return measure.LoadRecord{}, err
	}
	p := newPolling(o)
	before := p.usage()
	p.start()
	published := 0
	err := p.waitHeld(ctx)
	if err == nil {
		published, err = p.publish(ctx)
	}
	if err == nil {
		p.drain(ctx, p.expected(published))
	}
	after := p.usage() // while the subscribers are still held
	p.stop()
	if err != nil && ctx.Err() == nil {
		return measure.LoadRecord{}, err
	}
	if last := p.failure.Load(); last != nil && p.delivered.Load() == 0 && ctx.Err() == nil {
		return measure.LoadRecord{}, fmt.Errorf("no message was delivered; all %d requests failed, the last: %s", p.failed.Load(), *last)
	}
	return p.record(published, before, after), ctx.Err()
}
