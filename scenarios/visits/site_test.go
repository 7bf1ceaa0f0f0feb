package visits

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// site is a reference server with visits, on a loopback port.
type site struct {
	*Visits
	url *url.URL
}

func newSite(t *testing.T, c Config) *site {
	t.Helper()
	var srv *reference.Server
	c.Dir = t.TempDir()
	// What a test puts in the way holds messages for longer than this, what
	// other tests do to this machine does not.
	c.Limits = measure.Thresholds{Prompt: 1500 * time.Millisecond, Late: 3 * time.Second}
	c.Origin = scenarios.Inside(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { srv.Inside().ServeHTTP(w, r) }))
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	srv, err = reference.New(reference.Config{Record: true, Extra: v.Handlers()})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, ln) }()
	t.Cleanup(func() {
		v.Close()
		stop()
		if err := <-served; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	return &site{v, &url.URL{Scheme: "http", Host: ln.Addr().String()}}
}

// through puts a proxy in front of the site and returns its address.
func (s *site) through(t *testing.T, spec string) *url.URL {
	t.Helper()
	p, err := proxies.Parse(spec, proxies.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := p.Start(t.Context(), proxies.Env{Origin: s.url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in.Route().Base
}

// latest is the visit that was made last.
func (s *site) latest(t *testing.T) *measure.Run {
	t.Helper()
	names := newestFirst(s.cfg.Dir)
	if len(names) == 0 {
		t.Fatal("no visit")
	}
	run, err := measure.Read(s.cfg.Dir + "/" + names[0])
	if err != nil {
		t.Fatal(err)
	}
	return run
}
