package scenarios

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// sharedPaths keeps the proxies that live as long as the run: real programs
// and those that somebody else started.
type sharedPaths struct {
	origin  Origin
	several clusters         // for paths that balance
	front   *tls.Certificate // of simulated proxies, nil without TLS
	roots   []byte           // what clients must trust, in PEM
	mu      sync.Mutex
	byPath  map[string]*sharedPath
	reached map[string]bool // paths by which a request of ours has reached the origin
}

type sharedPath struct {
	once     sync.Once
	instance proxies.Instance
	err      error
	turn     sync.Mutex // for exclusive ones
}

// newSharedPaths prepares the paths; with TLS it makes the certificate that
// simulated proxies show.
func newSharedPaths(o Origin, withTLS bool) (*sharedPaths, error) {
	s := &sharedPaths{origin: o, roots: o.Roots(), byPath: map[string]*sharedPath{}, reached: map[string]bool{}}
	if withTLS {
		pair, err := selfsigned.New()
		if err != nil {
			return nil, err
		}
		s.front, s.roots = &pair.Certificate, slices.Concat(s.roots, pair.RootsPEM)
	}
	return s, nil
}

// instance gives a running proxy for one trial and a function that gives it
// back. Simulated proxies are started for this trial alone.
//
// So is every proxy in front of an origin that has another address for each
// trial; one that somebody else runs cannot follow it there.
// An own one is started for this trial alone, too.
func (s *sharedPaths) instance(ctx context.Context, p Path, origin Origin, scale float64, seed int64, own bool) (proxies.Instance, func() error, error) {
	env := proxies.Env{Origin: origin.URL(), Mode: p.Mode, Scale: scale, Seed: seed, Front: s.front, RootsPEM: origin.Roots()}
	if c, ok := origin.(*cluster); ok {
		env.Others = c.others()
	}
	if p.Proxy.Scope() == proxies.PerCell || own || origin != s.origin {
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
	errs = append(errs, s.several.close())
	return errors.Join(errs...)
}

// proven returns nil when the proxy can be shown to have seen the trial's
// traffic. Without that proof a cell says nothing: a whole matrix can look
// fine because nothing went through the proxy.
func (s *sharedPaths) proven(p Path, route proxies.Route, e *Evidence) error {
	if isDirect(p) {
		return nil
	}
	if len(e.Origin) > 0 {
		s.mu.Lock()
		s.reached[p.Proxy.Name()] = true
		s.mu.Unlock()
	}
	if away := dialledElsewhere(route, e); away != "" {
		return fmt.Errorf("the client was sent on to %s: what it got there did not pass the proxy", away)
	}
	switch hits := e.Stats.Hits; {
	case hits > 0:
		return nil
	case hits == 0 && e.Stats.Undelivered > 0:
		return errors.New("nothing answers at the proxy's address")
	case hits == 0 && len(e.Origin) > 0:
		return errors.New("the origin was reached without the proxy seeing the request")
	case hits == 0:
		return errors.New("the proxy never saw the request" + excerpt(e))
	}
	// It cannot count. The trial's own channel in the origin's record proves
	// that the address leads there, now or in an earlier trial; an answer
	// without it proves nothing.
	s.mu.Lock()
	reached := s.reached[p.Proxy.Name()]
	s.mu.Unlock()
	_, inspected := untrusted(e)
	switch {
	case reached:
		return nil
	case inspected && e.Forward: // whoever shows a certificate inside the tunnel is on the path
		return nil
	case len(e.Headers()) == 0:
		return errors.New("nothing answered at the proxy's address" + excerpt(e))
	case p.Proxy.Capabilities().Foreign:
		return fmt.Errorf("status %d came back, but no request of ours reached the origin: nothing shows that this path leads to it (it must pass /t/, /sockjs/ and /pages/ on from its root)", e.Headers()[0].Status)
	}
	return nil
}

// dialledElsewhere names an address that the client connected to beside the
// path's, as it does when it follows a redirect; "" when there is none.
func dialledElsewhere(route proxies.Route, e *Evidence) string {
	way := route.Proxy
	if way == nil {
		way = route.Base
	}
	if way == nil || net.ParseIP(way.Hostname()) == nil {
		return ""
	}
	for _, d := range ofKind(e.Client, measure.Dial) {
		if _, _, err := net.SplitHostPort(d.Note); err == nil && d.Note != way.Host {
			return d.Note
		}
	}
	return ""
}

// alive reports a proxy that somebody else runs, or that all cells share, and
// that is gone after a trial: what was seen then says nothing of the path.
func alive(ctx context.Context, p Path, route proxies.Route) error {
	if isDirect(p) || p.Proxy.Scope() == proxies.PerCell && (route.Proxy != nil || !p.Proxy.Capabilities().Foreign) {
		return nil
	}
	way := route.Proxy
	if way == nil {
		way = route.Base
	}
	if way == nil {
		return nil
	}
	c, err := (&net.Dialer{Timeout: openWait}).DialContext(ctx, "tcp", hostPort(way))
	if err != nil {
		return fmt.Errorf("the proxy is gone: %w", err)
	}
	return c.Close()
}

// hostPort is the address behind a URL.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

func isDirect(p Path) bool { return p.Proxy.Name() == "direct" }
