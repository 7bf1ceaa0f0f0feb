package scenarios_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// run measures techniques through proxies with the Go client and returns the
// run as it was written. Globs among the checks stand for quick ones.
func run(t *testing.T, techniques, specs, checks []string, mode proxies.Mode) *measure.Run {
	t.Helper()
	return plan{techniques: techniques, specs: specs, checks: checks, mode: mode}.run(t)
}

// plan is a run with more to choose.
type plan struct {
	techniques, specs, checks []string
	mode                      proxies.Mode
	http                      string
	client                    measure.Client   // nil is the Go client
	config                    reference.Config // of the origin, where opt has none
	opt                       scenarios.Options
	ask                       func(l measure.Labels, check string) bool // nil allows all
}

// asked finds checks by their ids, or by globs among the quick ones.
func asked(ids []string) []scenarios.Check {
	return slices.DeleteFunc(scenarios.Match(scenarios.All(), ids), func(c scenarios.Check) bool {
		return c.Tier > scenarios.Quick && !slices.Contains(ids, c.ID)
	})
}

// run closes the origin, its own or opt's. Where that has a certificate,
// everything goes by TLS.
func (p plan) run(t *testing.T) *measure.Run {
	t.Helper()
	opt := p.opt
	if opt.Origin == nil {
		origin, err := scenarios.InProcessWith(p.config)
		if err != nil {
			t.Fatal(err)
		}
		opt.Origin = origin
	}
	defer func() {
		if err := opt.Origin.Close(); err != nil {
			t.Errorf("close origin: %v", err)
		}
	}()
	if opt.TimeScale == 0 {
		opt.TimeScale = 0.01
	}
	w, err := measure.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Append(measure.RunRecord{Type: measure.TypeRun, Schema: measure.Schema}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	m := p.matrix(t)
	m.TLS = opt.Origin.URL().Scheme == "https"
	if _, err := scenarios.Run(ctx, m, w, opt); err != nil {
		t.Fatal(err)
	}
	r, err := measure.Read(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (p plan) matrix(t *testing.T) scenarios.Matrix {
	t.Helper()
	if p.client == nil {
		p.client = clients.NewGo()
	}
	m := scenarios.Matrix{Clients: []scenarios.Receiver{{Name: p.client.Name(), Client: p.client}}, Checks: asked(p.checks)}
	if p.http != "" {
		m.HTTP = []string{p.http}
	}
	if p.ask != nil {
		m.Ask = func(c scenarios.Combination, check string) bool { return p.ask(c.Labels, check) }
		m.Include = func(c scenarios.Combination) bool {
			return slices.ContainsFunc(m.Checks, func(k scenarios.Check) bool { return p.ask(c.Labels, k.ID) })
		}
	}
	for _, name := range p.techniques {
		tech, ok := measure.TechniqueByName(name)
		if !ok {
			t.Fatalf("no technique %s", name)
		}
		m.Techniques = append(m.Techniques, tech)
	}
	for _, spec := range p.specs {
		proxy, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
		if err != nil {
			t.Fatal(err)
		}
		m.Paths = append(m.Paths, scenarios.Path{Proxy: proxy, Mode: p.mode})
	}
	return m
}

var pushed = []string{"xhr-streaming", "forever-iframe", "multipart", "eventsource"}
var polls = []string{"short-poll", "long-poll", "callback-poll"}

// expect asserts verdict and cause of a cell.
func expect(t *testing.T, r *measure.Run, technique, proxy string, verdict measure.Verdict, cause string) {
	t.Helper()
	for _, c := range r.Cells {
		if c.Technique != technique || c.Proxy != proxy {
			continue
		}
		if c.Verdict != verdict || c.Cause != cause {
			t.Errorf("%s: %s because %q, want %s because %q", c.Labels, c.Verdict, c.Cause, verdict, cause)
			for _, k := range r.ChecksOf(c.Cell) {
				t.Logf("    %-22s %-12s %-22s %s", k.Check, k.Verdict, k.Cause, k.Got)
			}
		}
		return
	}
	t.Errorf("no cell %s via %s", technique, proxy)
}

// valueOf is a value of a check's record.
func valueOf(t *testing.T, r *measure.Run, technique, proxy, check, value string) float64 {
	t.Helper()
	for _, k := range r.Checks {
		if k.Technique == technique && k.Proxy == proxy && k.Check == check {
			v, ok := k.Values[value]
			if !ok {
				t.Errorf("%s via %s: %s has no value %s", technique, proxy, check, value)
			}
			return v
		}
	}
	t.Errorf("no check %s of %s via %s", check, technique, proxy)
	return 0
}

func TestEveryTechniqueOverTheControls(t *testing.T) {
	t.Parallel()
	var all []string
	for _, tech := range measure.Techniques() {
		if tech.Speaks("1.1") {
			all = append(all, tech.Name)
		}
	}
	for _, mode := range []proxies.Mode{proxies.Reverse, proxies.Forward} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			checks := upToThorough()
			if mode == proxies.Forward { // the same faults and checks, another way in
				checks = []string{"opening/connect", "opening/upgrade", "opening/headers", "delivery/steady", "ending/recycle"}
			}
			r := run(t, all, []string{"direct", "transparent"}, checks, mode)
			for _, tech := range all {
				expect(t, r, tech, "direct", measure.Works, "")
				expect(t, r, tech, "transparent", measure.Works, "")
			}
		})
	}
}

func TestBufferUntilClose(t *testing.T) {
	t.Parallel()
	const buffer = "fault:buffer(until=close)"
	for _, mode := range []proxies.Mode{proxies.Reverse, proxies.Forward} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			r := run(t, append(append(append([]string{}, pushed...), polls...), "websocket"), []string{buffer}, []string{"opening/*", "delivery/*"}, mode)
			for _, tech := range pushed {
				expect(t, r, tech, buffer, measure.Broken, "buffer-until-close")
				if held := valueOf(t, r, tech, buffer, "delivery/burst", "held_bytes_min"); held < 256<<10 {
					t.Errorf("%s: %g bytes held, want 256 KB and more", tech, held)
				}
			}
			for _, tech := range append(append([]string{}, polls...), "websocket") {
				expect(t, r, tech, buffer, measure.Works, "")
			}
		})
	}
}

func TestFaultsAreNamed(t *testing.T) {
	t.Parallel()
	const es, ws, lp = "eventsource", "websocket", "long-poll"
	want := map[string]map[string]string{ // spec -> technique -> verdict and cause
		"fault:buffer(bytes=4096)":   {es: "broken buffer-until-bytes", ws: "works "},
		"fault:buffer(every=1s)":     {es: "degraded hold-timer", ws: "works "},
		"fault:hold-last":            {es: "broken hold-last", ws: "works "},
		"fault:idle(after=60s)":      {es: "degraded idle-timeout", ws: "degraded idle-timeout", lp: "works "},
		"fault:duration(after=30s)":  {es: "degraded max-duration", ws: "degraded max-duration", lp: "works "},
		"fault:upgrade(mode=refuse)": {es: "works ", ws: "broken upgrade-refused"},
		"fault:upgrade(mode=strip)":  {es: "works ", ws: "broken upgrade-stripped"},
		"fault:upgrade(mode=mute)":   {es: "works ", ws: "broken upgrade-mute"},
	}
	var specs []string
	for spec := range want {
		specs = append(specs, spec)
	}
	for _, mode := range []proxies.Mode{proxies.Reverse, proxies.Forward} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			specs := specs
			if mode == proxies.Forward { // one of each kind of hook
				specs = []string{"fault:buffer(bytes=4096)", "fault:idle(after=60s)", "fault:upgrade(mode=strip)"}
			}
			r := run(t, []string{es, ws, lp}, specs, []string{"opening/*", "delivery/*"}, mode)
			for spec, by := range want {
				if !slices.Contains(specs, spec) {
					continue
				}
				for tech, verdict := range by {
					v, cause, _ := strings.Cut(verdict, " ")
					expect(t, r, tech, spec, measure.Verdict(v), cause)
				}
			}
		})
	}
}

// A 60 s idle limit is met by scaling, while what does not scale through the
// same proxy is untouched.
func TestScaledLimit(t *testing.T) {
	t.Parallel()
	const idle = "fault:idle(after=60s)"
	r := run(t, []string{"eventsource"}, []string{idle}, []string{"delivery/idle", "delivery/steady"}, proxies.Reverse)
	if limit := valueOf(t, r, "eventsource", idle, "delivery/idle", "idle_limit_s"); limit < 55 || limit > 75 {
		t.Errorf("an idle limit of %g s, want about 60", limit)
	}
	for _, k := range r.Checks {
		if k.Check == "delivery/steady" && k.Verdict != measure.Works {
			t.Errorf("delivery/steady: %s (%s)", k.Verdict, k.Got)
		}
	}
}

func TestDeadForwardProxyIsAHarnessFailure(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close() // nothing answers there any more
	spec := "forward:http://" + ln.Addr().String()
	r := run(t, []string{"eventsource", "long-poll"}, []string{spec}, []string{"delivery/steady"}, "")
	for _, c := range r.Cells {
		if c.Verdict != measure.HarnessFailed || c.Reason == "" {
			t.Errorf("%s: %s (%s), want harness_failed", c.Labels, c.Verdict, c.Reason)
		}
	}
}

// An address that answers everything by itself leads nowhere: no verdict.
func TestReversePathThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	r := run(t, []string{"eventsource"}, []string{"reverse:" + other.URL}, []string{"delivery/steady"}, "")
	if c := r.Cells[0]; c.Verdict != measure.HarnessFailed {
		t.Errorf("%s: %s (%s), want harness_failed", c.Labels, c.Verdict, c.Reason)
	}
}
