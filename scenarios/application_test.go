package scenarios_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// measured asks a handler through proxies and returns the results by proxy.
func measured(t *testing.T, spec app.Spec, h http.Handler, through ...string) map[string]scenarios.Result {
	t.Helper()
	results, err := scenarios.Survival{Spec: spec, Proxies: through}.Measure(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]scenarios.Result{}
	for _, r := range results {
		out[r.Cell.Proxy] = r
	}
	return out
}

// is asserts what came of a proxy.
func is(t *testing.T, r scenarios.Result, verdict measure.Verdict, cause string) {
	t.Helper()
	if r.Cell.Verdict != verdict || r.Cell.Cause != cause {
		t.Errorf("%s because %q, want %s because %q: %s %s", r.Cell.Verdict, r.Cell.Cause, verdict, cause, r, r.Cell.Reason)
	}
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		c.Close()
	}
}

// TestApplicationsOwnTrouble: what the application does to everybody, or now
// and then, is not the path's doing.
func TestApplicationsOwnTrouble(t *testing.T) {
	t.Parallel()
	sound := ticker(3)
	from := func(n int32, trouble func(http.ResponseWriter)) (http.Handler, *atomic.Int32) {
		var asked atomic.Int32
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) >= n {
				trouble(w)
				return
			}
			sound.ServeHTTP(w, r)
		}), &asked
	}
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	once := func(trouble func(http.ResponseWriter)) func(w http.ResponseWriter) {
		var done atomic.Bool
		return func(w http.ResponseWriter) {
			if done.Swap(true) {
				sound.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", "/", nil))
				return
			}
			trouble(w)
		}
	}
	// The first look and the direct path are the first two requests.
	for name, tt := range map[string]struct {
		trouble func(http.ResponseWriter)
		verdict measure.Verdict
		cause   string
		says    string
	}{
		"asked too much":        {status(http.StatusTooManyRequests), measure.HarnessFailed, "", "the application itself answered status 429"},
		"overloaded":            {status(http.StatusServiceUnavailable), measure.HarnessFailed, "", "the application itself answered status 503"},
		"an error once":         {once(status(http.StatusInternalServerError)), measure.Works, "", ""},
		"hangs up once":         {once(hangUp), measure.Works, "", ""},
		"another mind for good": {status(http.StatusForbidden), measure.Broken, "unknown", "the application itself refused"},
		"hangs up for good":     {hangUp, measure.Broken, "unknown", "the application itself closed without an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := from(3, tt.trouble)
			r := measured(t, app.Spec{}, h, "transparent")["transparent"]
			is(t, r, tt.verdict, tt.cause)
			if said := r.String() + r.Cell.Reason; !strings.Contains(said, tt.says) {
				t.Errorf("it says %q, want %q", said, tt.says)
			}
		})
	}
	t.Run("dies", func(t *testing.T) {
		t.Parallel()
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var srv *http.Server
		h, asked := from(3, func(w http.ResponseWriter) { go srv.Close(); hangUp(w) })
		srv = &http.Server{Handler: h}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ln) }()
		cells := along(t, app.Spec{URL: "http://" + ln.Addr().String()}, "", nil, "transparent")
		<-served
		if c := cells["transparent"]; c.Verdict != measure.HarnessFailed || !strings.Contains(c.Reason, "cannot be reached") {
			t.Errorf("%s because %q (%s), asked %d times", c.Verdict, c.Cause, c.Reason, asked.Load())
		}
	})
}

// along measures an application that runs already, through proxies or along
// paths that are there, and returns the cells by proxy.
func along(t *testing.T, spec app.Spec, version string, vias []scenarios.Via, through ...string) map[string]measure.CellRecord {
	t.Helper()
	if err := spec.Check(); err != nil {
		t.Fatal(err)
	}
	a, err := scenarios.NewApplication(&spec, false)
	if err != nil {
		t.Fatal(err)
	}
	client := clients.NewGo()
	m := scenarios.Matrix{Techniques: []measure.Technique{measure.App(spec.Framing)}, Checks: scenarios.ApplicationChecks(), Clients: []scenarios.Receiver{{Name: "go", Client: client}}}
	if version == "" {
		version = "1.1"
	}
	m.HTTP = []string{version}
	if len(vias) > 0 {
		if err := a.Along(vias); err != nil {
			t.Fatal(err)
		}
		m.Paths = a.Paths()
	}
	for _, name := range through {
		p, err := proxies.Parse(name, proxies.ParseOptions{Real: real.Parse})
		if err != nil {
			t.Fatal(err)
		}
		m.Paths = append(m.Paths, scenarios.Path{Proxy: p, Mode: proxies.Reverse})
	}
	if err := a.Preflight(t.Context(), client, version); err != nil {
		t.Fatal(err)
	}
	w, err := measure.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	sum, err := scenarios.Run(t.Context(), m, w, scenarios.Options{Origin: a, Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]measure.CellRecord{}
	for _, c := range sum.Cells {
		out[c.Proxy] = c
	}
	return out
}

// TestRetriesKeepTheBudget: a proxy that asks again and again on its own is
// stopped where the owner said.
func TestRetriesKeepTheBudget(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("needs haproxy (Debian package haproxy)")
	}
	config := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(config, []byte(`defaults
	mode http
	timeout connect 5s
	timeout client 10s
	timeout server 10s
	retries 50
	retry-on all-retryable-errors
frontend in
	bind {{.Listen}}
	default_backend out
backend out
	server origin {{.Origin}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	const budget = 9
	var asked atomic.Int32
	sound := ticker(3)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 2 { // the first look, and the direct path
			hangUp(w)
			return
		}
		sound.ServeHTTP(w, r)
	})
	spec := app.Spec{Budget: app.Limits{Requests: budget}}
	r := measured(t, spec, h, "real:haproxy@"+config)["real:haproxy@"+config]
	if got := asked.Load(); got != budget {
		t.Errorf("asked %d times with a budget of %d", got, budget)
	}
	is(t, r, measure.Untested, "")
	if len(r.Checks) == 0 || !strings.Contains(r.Checks[0].Got, "the budget of requests is used up (9 of 9)") {
		t.Errorf("%+v", r.Checks)
	}
}

// TestAlongOverHTTP2 goes to an application that speaks it, by a certificate
// of its own authority.
func TestAlongOverHTTP2(t *testing.T) {
	t.Parallel()
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	var over atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		over.Store(int32(r.ProtoMajor))
		ticker(3).ServeHTTP(w, r)
	}))
	srv.EnableHTTP2 = true
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair.Certificate}}
	srv.StartTLS()
	defer srv.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), pair.RootsPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app.yaml"), []byte("url: "+srv.URL+"/\nca: ca.pem\nend: '[DONE]'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	spec, err := app.Load(filepath.Join(dir, "app.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range along(t, *spec, "2", []scenarios.Via{{Name: "one", URL: at}, {Name: "two", URL: at}}) {
		if c.Verdict != measure.Works || over.Load() != 2 {
			t.Errorf("%s: %s because %q over HTTP/%d", name, c.Verdict, c.Cause, over.Load())
		}
	}
	// Through proxies of ours, which speak HTTP/1.1 to it.
	for name, c := range along(t, *spec, "", nil, "direct", "transparent") {
		if c.Verdict != measure.Works || over.Load() != 1 {
			t.Errorf("%s: %s because %q (%s) over HTTP/%d", name, c.Verdict, c.Cause, c.Reason, over.Load())
		}
	}
}

// TestRequireSurvivesLeavesNothing: no goroutine and no file outlives it.
func TestRequireSurvivesLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	before := goleak.IgnoreCurrent()
	scenarios.RequireSurvives(t, ticker(3), "transparent")
	scenarios.RequireSurvives(&fakeT{TB: t}, ticker(3), "fault:buffer(until=close)")
	scenarios.RequireSurvives(&fakeT{TB: t}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { hangUp(w) }), "transparent")
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestRequireSurvivesOwnConfiguration: a project's nginx.conf in its own test.
func TestRequireSurvivesOwnConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := func(name, more string) string {
		file := filepath.Join(dir, name)
		text := "events {}\nhttp { server { listen {{.Listen}}; location / { proxy_pass {{.OriginURL}}; " + more + " } } }\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "real:nginx@" + file
	}
	scenarios.RequireSurvives(t, ticker(4), conf("streams.conf", "proxy_buffering off;"))
	lost := &fakeT{TB: t}
	scenarios.RequireSurvives(lost, ticker(4), conf("buffers.conf", ""))
	if said := strings.Join(lost.errors, "\n"); !strings.Contains(said, "broken (buffered)") || !strings.Contains(said, "proxy_buffering off") {
		t.Errorf("a test behind a buffering nginx says %q", said)
	}
}
