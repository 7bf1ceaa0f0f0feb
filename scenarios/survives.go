package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// TB is what a test hands in: a *testing.T or *testing.B.
type TB interface {
	Helper()
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Survival asks whether a handler's streaming answer survives proxies. The
// zero value asks for GET / directly.
type Survival struct {
	// Spec says how to ask and how to read the answer; its URL is the path on
	// the handler, "" is "/".
	Spec app.Spec
	// Proxies are named as on the command line: presets, fault:…, real:nginx,
	// real:nginx@nginx.conf with the project's own configuration.
	Proxies []string
	// Degraded lets messages be late, by up to two seconds.
	Degraded bool
}

// RequireSurvives fails the test unless what h answers to GET / streams
// through each of the proxies: every message arrives, in order and in time,
// and the answer ends as h ended it. A program that is not installed skips the
// test. For other paths, methods and framings use Survival.
func RequireSurvives(t TB, h http.Handler, proxies ...string) {
	t.Helper()
	Survival{Proxies: proxies}.Require(t, h)
}

// Require is RequireSurvives with the settings of s.
func (s Survival) Require(t TB, h http.Handler) {
	t.Helper()
	results, err := s.Measure(t.Context(), h)
	var missing *proxies.MissingError
	if errors.As(err, &missing) {
		t.Skipf("%v", missing)
		return
	}
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	for _, r := range results {
		switch v := r.Cell.Verdict; {
		case v == measure.Works, v == measure.Degraded && s.Degraded:
			t.Logf("through %s: %s", r.Cell.Proxy, v)
		default:
			t.Errorf("%s", r)
		}
	}
}

// Result is what came of one proxy.
type Result struct {
	Cell   measure.CellRecord
	Checks []measure.CheckRecord
}

// String says what is wrong and what to do about it, a line for each check
// that is not fine.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "through %s: %s", r.Cell.Proxy, r.Cell.Verdict)
	if r.Cell.Cause != "" {
		fmt.Fprintf(&b, " (%s)", r.Cell.Cause)
	}
	if r.Cell.Reason != "" {
		fmt.Fprintf(&b, ": %s", r.Cell.Reason)
	}
	for _, c := range r.Checks {
		if c.Verdict == measure.Broken || c.Verdict == measure.Degraded {
			fmt.Fprintf(&b, "\n\t%s: %s", c.Check, c.Got)
		}
	}
	if r.Cell.Advice != "" {
		fmt.Fprintf(&b, "\n\t%s", r.Cell.Advice)
	}
	return b.String()
}

// Measure asks, and returns a result for each proxy, in order. It fails when
// the handler cannot be measured at all, when a proxy is unknown, or with
// *proxies.MissingError when its program is not installed.
func (s Survival) Measure(ctx context.Context, h http.Handler) (results []Result, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the handler: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	defer func() {
		_ = srv.Close() // what it still answers is of no use to anybody
		<-served
	}()
	spec := s.Spec
	spec.URL = "http://" + ln.Addr().String() + "/" + strings.TrimPrefix(spec.URL, "/")
	if err := spec.Check(); err != nil {
		return nil, err
	}
	m, err := s.matrix(&spec)
	if err != nil {
		return nil, err
	}
	a, err := NewApplication(&spec, false)
	if err != nil {
		return nil, err
	}
	if err := a.Preflight(ctx, m.Clients[0].Client, "1.1"); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cometbench-survives-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	w, err := measure.Create(dir)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	byProxy := map[string]Result{}
	_, err = Run(ctx, m, w, Options{Origin: a, Parallel: 2, Ended: func(c measure.CellRecord, checks []measure.CheckRecord) {
		byProxy[c.Proxy] = Result{Cell: c, Checks: checks}
	}})
	if err != nil {
		return nil, err
	}
	for _, p := range m.Paths {
		results = append(results, byProxy[p.Proxy.Name()])
	}
	return results, nil
}

func (s Survival) matrix(spec *app.Spec) (Matrix, error) {
	client, _ := clients.ByName("go")
	m := Matrix{Techniques: []measure.Technique{measure.App(spec.Framing)}, Checks: UpTo(ApplicationChecks(), Quick), Clients: []Receiver{{Name: "go", Client: client}}}
	wanted := s.Proxies
	if len(wanted) == 0 {
		wanted = []string{"direct"}
	}
	for _, name := range wanted {
		p, err := proxies.Parse(name, proxies.ParseOptions{Real: real.Parse})
		if err != nil {
			return m, err
		}
		if err := p.Available(); err != nil {
			return m, err
		}
		path := Path{Proxy: p, Mode: proxies.Reverse}
		if modes := p.Capabilities().Modes; len(modes) > 0 {
			path.Mode = modes[0]
		}
		m.Paths = append(m.Paths, path)
	}
	return m, nil
}
