package scenarios

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cometbench/cometbench/proxies"
)

// sharedPaths keeps the proxies that live as long as the run: real programs
// and those that somebody else started.
type sharedPaths struct {
	origin Origin
	mu     sync.Mutex
	byPath map[string]*sharedPath
}

type sharedPath struct {
	once     sync.Once
	instance proxies.Instance
	err      error
	turn     sync.Mutex // for exclusive ones
}

func newSharedPaths(o Origin) *sharedPaths {
	return &sharedPaths{origin: o, byPath: map[string]*sharedPath{}}
}

// instance gives a running proxy for one trial and a function that gives it
// back. Simulated proxies are started for this trial alone.
func (s *sharedPaths) instance(ctx context.Context, p Path, scale float64, seed int64) (proxies.Instance, func() error, error) {
	env := proxies.Env{Origin: s.origin.URL(), Mode: p.Mode, Scale: scale, Seed: seed}
	if p.Proxy.Scope() == proxies.PerCell {
		in, err := p.Proxy.Start(ctx, env)
		if err != nil {
			return nil, nil, fmt.Errorf("start %s: %w", p.Proxy.Name(), err)
		}
		return in, in.Close, nil
	}
	key := string(p.Mode) + " " + p.Proxy.Name()
	s.mu.Lock()
	sp := s.byPath[key]
	if sp == nil {
		sp = new(sharedPath)
		s.byPath[key] = sp
	}
	s.mu.Unlock()
	sp.once.Do(func() { sp.instance, sp.err = p.Proxy.Start(ctx, env) })
	if sp.err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", p.Proxy.Name(), sp.err)
	}
	if p.Proxy.Scope() == proxies.Exclusive {
		sp.turn.Lock()
		return sp.instance, func() error { sp.turn.Unlock(); return nil }, nil
	}
	return sp.instance, func() error { return nil }, nil
}

func (s *sharedPaths) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, sp := range s.byPath {
		if sp.instance != nil {
			errs = append(errs, sp.instance.Close())
		}
	}
	return errors.Join(errs...)
}

// proven returns nil when the proxy can be shown to have seen the trial's
// traffic. Without that proof a cell says nothing: a whole matrix can look
// fine because nothing went through the proxy.
func proven(p Path, e *Evidence) error {
	if isDirect(p) {
		return nil
	}
	if e.Stats.Hits > 0 {
		return nil
	}
	if e.Stats.Hits == 0 {
		if len(e.Origin) > 0 {
			return errors.New("the origin was reached without the proxy seeing the request")
		}
		return errors.New("the proxy never saw the request" + excerpt(e))
	}
	// It cannot count. The trial's own channel in the origin's record proves
	// that the address leads there; an answer without it proves nothing.
	if len(e.Origin) > 0 {
		return nil
	}
	if len(e.Headers()) == 0 {
		return errors.New("nothing answered at the proxy's address" + excerpt(e))
	}
	if p.Proxy.Capabilities().Foreign {
		return fmt.Errorf("status %d came back, but the origin never saw the request: nothing shows that this path leads to it", e.Headers()[0].Status)
	}
	return nil
}

func isDirect(p Path) bool { return p.Proxy.Name() == "direct" }
