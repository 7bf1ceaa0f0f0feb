package browsers

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Chromium receives by Chromium or a relative of it, without a window. The
// process starts with the first subscription; after a crash the next
// subscription starts another.
type Chromium struct {
	options Options
	binary  string
	slots   chan struct{}

	mu        sync.Mutex
	processes map[bool]*process // by whether HTTP/2 is allowed, which only a process can be told
	closed    bool
	bound     int64 // worst error of any page's clock so far, µs
}

var _ measure.Browser = (*Chromium)(nil)

// NewChromium finds a browser and starts nothing yet. The error is a
// *MissingError when there is none, or says what is wrong with the options.
func NewChromium(ctx context.Context, o Options) (*Chromium, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	binary, err := findChromium(o.Binary)
	if err != nil {
		return nil, err
	}
	if len(o.RootsPEM) > 0 {
		if _, err := trustFlag(o.RootsPEM); err != nil {
			return nil, err
		}
	}
	o = o.withDefaults()
	return &Chromium{
		options: o, binary: binary,
		slots: make(chan struct{}, o.MostContexts), processes: map[bool]*process{},
	}, nil
}

// clockID names the clock of all events: this machine's.
const clockID = "chromium"

// Name is "chromium".
func (c *Chromium) Name() string { return "chromium" }

// Binary is the path of the program that runs.
func (c *Chromium) Binary() string { return c.binary }

// Version is what the browser calls itself, as HeadlessChrome/156.0.8078.79;
// "" until the first subscription has started it.
func (c *Chromium) Version() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.processes {
		return p.version
	}
	return ""
}

// Clock names the clock of the events. They are already on this machine's
// clock; the bound is the worst of the pages seen so far.
func (c *Chromium) Clock() measure.Clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	return measure.Clock{ID: clockID, BoundUS: c.bound}
}

// Subscribe serves s in a browser context of its own; see measure.Client.
// While all contexts are taken it waits.
func (c *Chromium) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	return c.subscribe(ctx, s, sink, nil)
}

func (c *Chromium) subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event), of *visitor) error {
	if err := c.Supports(s); err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for a browser context: %w", context.Cause(ctx))
	}
	defer func() { <-c.slots }()
	p, err := c.running(ctx, s.Target)
	if err != nil {
		return err
	}
	v := &visit{client: c, subscription: s, of: of, sink: func(e measure.Event) {
		e.Side, e.Clock = measure.SideClient, clockID
		sink(e)
	}}
	if err := v.run(ctx, p); err != nil {
		return fmt.Errorf("chromium: %w", err)
	}
	return nil
}

// running returns the process for a target and starts it if need be.
func (c *Chromium) running(ctx context.Context, t measure.Target) (*process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.New("chromium: closed")
	}
	http2 := t.HTTP == "2"
	if p := c.processes[http2]; p != nil {
		if p.alive() {
			return p, nil
		}
		p.close() // for its children and its profile
		delete(c.processes, http2)
	}
	flags := append(chromiumFlags(), chromedp.ExecPath(c.binary), chromedp.ModifyCmdFunc(ownGroup))
	if !http2 {
		flags = append(flags, chromedp.Flag("disable-http2", true))
	}
	if len(c.options.RootsPEM) > 0 {
		trust, err := trustFlag(c.options.RootsPEM)
		if err != nil {
			return nil, err
		}
		flags = append(flags, trust)
	}
	p, err := startProcess(ctx, c.options.StartWithin, flags)
	if err != nil {
		return nil, fmt.Errorf("chromium: %w", err)
	}
	c.processes[http2] = p
	return p, nil
}

// calibrated takes note of how exactly a page's clock is known.
func (c *Chromium) calibrated(bound int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bound = max(c.bound, bound)
}

// Close kills the browser with all its children and waits for them. It may be
// called more than once.
func (c *Chromium) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for http2, p := range c.processes {
		p.close()
		delete(c.processes, http2)
	}
	return nil
}
