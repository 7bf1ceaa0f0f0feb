package browsers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Browser receives by a real browser of one make, without a window. Its
// process starts with the first subscription; after a crash the next
// subscription starts another.
type Browser struct {
	engine  engine
	options Options
	slots   chan struct{}

	mu        sync.Mutex
	processes map[launch]*starting
	single    map[process]bool // those that serve one subscription each
	closed    bool
	version   string
	pid       int   // of the process that was started last
	bound     int64 // worst error of any page's clock so far, µs
}

var _ measure.Client = (*Browser)(nil)

// starting is a process that several subscriptions wait for or use.
type starting struct {
	started chan struct{} // closed when process and err are set
	process process
	err     error
}

// Names are the browsers that New knows, in the order of reports.
func Names() []string { return []string{"chromium", "firefox", "webkit"} }

// New finds the browser of that name (see Names) and starts nothing yet. The
// error is a *MissingError when something of it is not installed.
func New(ctx context.Context, name string, o Options) (*Browser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	find := map[string]func(string) (engine, error){
		"chromium": findChromium, "firefox": findFirefox, "webkit": findWebKit,
	}[name]
	if find == nil {
		return nil, fmt.Errorf("no browser is called %q: there are %s", name, strings.Join(Names(), ", "))
	}
	e, err := find(o.Binary)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults(e)
	return &Browser{
		engine: e, options: o,
		slots: make(chan struct{}, o.MostContexts), processes: map[launch]*starting{}, single: map[process]bool{},
	}, nil
}

// Receives reports whether the browser of that name receives by a technique in
// its usual form, installed or not.
func Receives(name, technique string) bool {
	e := map[string]engine{"chromium": &chromium{}, "firefox": &firefox{}, "webkit": &webkit{}}[name]
	return e != nil && pages.Has(technique) && e.supports(measure.Subscription{Technique: technique}) == nil
}

// Name is one of Names.
func (b *Browser) Name() string { return b.engine.name() }

// Binary is the path of the program that runs.
func (b *Browser) Binary() string { return b.engine.binary() }

// MostContexts is how many subscriptions it serves at once.
func (b *Browser) MostContexts() int { return b.options.MostContexts }

// Version is what the browser calls itself, as HeadlessChrome/156.0.8078.79;
// "" until the first subscription has started it.
func (b *Browser) Version() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version
}

// Clock names the clock of the events. They are already on this machine's
// clock; the bound is the worst of the pages seen so far.
func (b *Browser) Clock() measure.Clock {
	b.mu.Lock()
	defer b.mu.Unlock()
	return measure.Clock{ID: b.Name(), BoundUS: b.bound}
}

// Subscribe serves s in a browser context of its own; see measure.Client.
// While all contexts are taken it waits.
func (b *Browser) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	return b.subscribe(ctx, s, sink, nil)
}

// subscribe is Subscribe in a context of its own, or in a visitor's.
func (b *Browser) subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event), of *visitor) error {
	if err := b.Supports(s); err != nil {
		return err
	}
	s, err := varied(s)
	if err != nil {
		return err
	}
	v := &visit{browser: b, subscription: s, sink: func(e measure.Event) {
		e.Side, e.Clock = measure.SideClient, b.Name()
		sink(e)
	}}
	if err := v.enter(ctx, of); err != nil {
		return fmt.Errorf("%s: %w", b.Name(), err)
	}
	return nil
}

// enter takes the place of one subscription, exit gives it back.
func (b *Browser) enter(ctx context.Context) error {
	select {
	case b.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a browser context: %w", context.Cause(ctx))
	}
}

func (b *Browser) exit() { <-b.slots }

// take returns a process that can serve a target, and what to do when it has:
// the process that all share, or one of its own where contexts are not to be
// had within one.
func (b *Browser) take(ctx context.Context, t measure.Target) (process, func(), error) {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return nil, nil, errClosed
	}
	l := launchFor(t)
	if b.engine.sharesProcess() {
		p, err := b.shared(ctx, l)
		return p, func() {}, err
	}
	l.proxy, l.insecure = t.Proxy, t.Insecure
	p, err := b.start(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	b.mu.Lock()
	b.single[p] = true
	b.mu.Unlock()
	return p, func() {
		b.mu.Lock()
		delete(b.single, p)
		b.mu.Unlock()
		p.close()
	}, nil
}

// shared returns the process for a launch and starts it if need be. Several
// callers wait for one start.
func (b *Browser) shared(ctx context.Context, l launch) (process, error) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, errClosed
	}
	s := b.processes[l]
	fresh := s == nil || s.over()
	if fresh {
		if s != nil && s.process != nil {
			s.process.close() // for its children and its profile
		}
		s = &starting{started: make(chan struct{})}
		b.processes[l] = s
	}
	b.mu.Unlock()
	if fresh {
		s.process, s.err = b.start(ctx, l)
		close(s.started)
		return s.process, s.err
	}
	select {
	case <-s.started:
		return s.process, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// over reports whether a start has failed, or what it started has died.
func (s *starting) over() bool {
	select {
	case <-s.started:
		return s.err != nil || !s.process.alive()
	default:
		return false
	}
}

var errClosed = errors.New("the browser is closed")

// start starts a process. It does not end with ctx, which only bounds the start.
func (b *Browser) start(ctx context.Context, l launch) (process, error) {
	ctx, cancel := context.WithTimeout(ctx, b.options.StartWithin)
	defer cancel()
	p, err := b.engine.start(ctx, l, b.options.AnswerWithin)
	if err != nil {
		return nil, fmt.Errorf("start browser: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version, b.pid = p.product(), p.pid()
	return p, nil
}

// lastPid is the process that was started last, 0 before there is one.
func (b *Browser) lastPid() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pid
}

// calibrated takes note of how exactly a page's clock is known.
func (b *Browser) calibrated(bound int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bound = max(b.bound, bound)
}

// Close kills the browser with all its children and waits for them. It may be
// called more than once, and after all subscriptions have returned.
func (b *Browser) Close() error {
	b.mu.Lock()
	b.closed = true
	processes := b.processes
	b.processes = map[launch]*starting{}
	b.mu.Unlock()
	for _, s := range processes {
		<-s.started
		if s.process != nil {
			s.process.close()
		}
	}
	return nil
}
