package measure_test

import (
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func check(axis measure.Axis, kind measure.Kind, v measure.Verdict, cause string) measure.CheckRecord {
	return measure.CheckRecord{Axis: axis, Kind: kind, Verdict: v, Cause: cause, Got: string(v) + " here"}
}

func TestJudge(t *testing.T) {
	const (
		open, deliv, end = measure.Opening, measure.Delivery, measure.Ending
		req, optl, obs   = measure.Required, measure.Optimal, measure.Observe
	)
	for _, tt := range []struct {
		name   string
		checks []measure.CheckRecord
		want   measure.Verdict
		cause  string
	}{
		{"all well", []measure.CheckRecord{check(open, req, measure.Works, ""), check(deliv, req, measure.Works, "")}, measure.Works, ""},
		{"the worst required one decides", []measure.CheckRecord{check(deliv, req, measure.Degraded, "hold-timer"), check(deliv, req, measure.Broken, "hold-last")}, measure.Broken, "hold-last"},
		{"a failed optimal one degrades", []measure.CheckRecord{check(deliv, req, measure.Works, ""), check(end, optl, measure.Broken, "client-abort-not-propagated")}, measure.Degraded, "client-abort-not-propagated"},
		{"observing never counts", []measure.CheckRecord{check(deliv, req, measure.Works, ""), check(measure.Counting, obs, measure.Broken, "unknown")}, measure.Works, ""},
		{"skipped does not count", []measure.CheckRecord{check(deliv, req, measure.Works, ""), check(deliv, req, measure.Skipped, "")}, measure.Works, ""},
		{"only skipped", []measure.CheckRecord{check(deliv, req, measure.Skipped, "")}, measure.Skipped, ""},
		{"a required harness failure makes the cell that", []measure.CheckRecord{check(deliv, req, measure.Broken, "buffered"), check(open, req, measure.HarnessFailed, "")}, measure.HarnessFailed, ""},
		{"an optional one does not", []measure.CheckRecord{check(deliv, req, measure.Works, ""), check(end, optl, measure.HarnessFailed, "")}, measure.Works, ""},
		{"an optional one does where nothing else was asked", []measure.CheckRecord{check(end, optl, measure.HarnessFailed, "")}, measure.HarnessFailed, ""},
		{"nor where another was unsupported", []measure.CheckRecord{check(end, optl, measure.HarnessFailed, ""), check(open, req, measure.Unsupported, "")}, measure.Unsupported, ""},
		{"more bytes make the cause precise", []measure.CheckRecord{check(deliv, req, measure.Broken, "buffered"), check(deliv, optl, measure.Broken, "buffer-until-close")}, measure.Broken, "buffer-until-close"},
		{"asking otherwise makes it more precise still", []measure.CheckRecord{check(open, obs, measure.Broken, "method-dependent"), check(deliv, req, measure.Broken, "buffered"), check(deliv, optl, measure.Broken, "buffer-until-close")}, measure.Broken, "method-dependent"},
		{"also where the pattern was clear", []measure.CheckRecord{check(deliv, req, measure.Broken, "buffer-until-bytes"), check(open, obs, measure.Broken, "content-type-dependent")}, measure.Broken, "content-type-dependent"},
		{"what was seen on the wire is preferred to it", []measure.CheckRecord{check(open, obs, measure.Broken, "accept-encoding-dependent"), check(deliv, req, measure.Broken, "buffered"), check(deliv, obs, measure.Broken, "compression")}, measure.Broken, "compression"},
		{"of equally precise ones the deciding one stands", []measure.CheckRecord{check(deliv, req, measure.Broken, "hold-last"), check(deliv, req, measure.Broken, "buffer-until-bytes")}, measure.Broken, "hold-last"},
		{"a scan looks like a buffer at first", []measure.CheckRecord{check(deliv, req, measure.Broken, "buffered"), check(deliv, optl, measure.Broken, "buffer-until-close"), check(deliv, obs, measure.Broken, "scan")}, measure.Broken, "scan"},
		{"opening explains before delivery", []measure.CheckRecord{check(deliv, req, measure.Broken, "unknown"), check(open, req, measure.Broken, "upgrade-stripped")}, measure.Broken, "upgrade-stripped"},
		{"what is required explains before what is not", []measure.CheckRecord{check(open, optl, measure.Degraded, "headers-held"), check(deliv, req, measure.Degraded, "idle-timeout")}, measure.Degraded, "idle-timeout"},
		{"a cause of another axis does not refine", []measure.CheckRecord{check(deliv, req, measure.Broken, "idle-timeout"), check(deliv, optl, measure.Broken, "buffer-until-close")}, measure.Broken, "idle-timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := measure.Judge(measure.Labels{Technique: "eventsource"}, tt.checks)
			if got.Verdict != tt.want || got.Cause != tt.cause {
				t.Errorf("got %s because %q, want %s because %q", got.Verdict, got.Cause, tt.want, tt.cause)
			}
			if got.Cause != "" && got.Advice == "" {
				t.Error("a cause without advice")
			}
		})
	}
}

func TestThresholds(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		p99, interval, delay time.Duration
		want                 measure.Verdict
	}{
		{2 * ms, 0, 250 * ms, measure.Works},
		{2 * ms, 0, 251 * ms, measure.Degraded},
		{100 * ms, 0, 500 * ms, measure.Works}, // 5 x the control
		{2 * ms, 0, 2000 * ms, measure.Degraded},
		{2 * ms, 0, 2001 * ms, measure.Broken},
		{2 * ms, 250 * ms, 500 * ms, measure.Works}, // a poll adds its interval
	} {
		if got := measure.NewThresholds(tt.p99, tt.interval).Verdict(tt.delay); got != tt.want {
			t.Errorf("p99 %s, interval %s, delay %s: %s, want %s", tt.p99, tt.interval, tt.delay, got, tt.want)
		}
	}
}

func TestLabelsAreTheKey(t *testing.T) {
	a := measure.Labels{Technique: "a b", Proxy: "c"}
	b := measure.Labels{Technique: "a", Proxy: "b c"}
	if a.ID() == b.ID() {
		t.Error("two cells share an id")
	}
	if a.ID() != (measure.Labels{Technique: "a b", Proxy: "c"}).ID() {
		t.Error("one cell has two ids")
	}
}

func TestClosedTables(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range measure.Causes() {
		if seen[c.ID] {
			t.Errorf("cause %s stands twice", c.ID)
		}
		seen[c.ID] = true
		if c.Means == "" || c.Advice == "" || c.Family == "" {
			t.Errorf("cause %s lacks words", c.ID)
		}
	}
	for _, c := range measure.Causes() {
		if c.Refines != "" && !seen[c.Refines] {
			t.Errorf("cause %s refines %q, which is not there", c.ID, c.Refines)
		}
	}
	// RESULTS.md, Causes.
	for _, id := range []string{"buffered", "buffer-until-close", "buffer-until-bytes", "hold-timer", "hold-last", "headers-held", "scan", "compression",
		"content-type-dependent", "method-dependent", "accept-encoding-dependent", "prelude-dependent", "cached", "shared-stream", "corrupted", "origin-slow",
		"idle-timeout", "first-byte-timeout", "max-duration", "max-bytes", "truncated", "half-open", "h2-reset", "reload",
		"upgrade-refused", "upgrade-stripped", "upgrade-mute", "upgrade-killed", "upgrade-one-way", "error-page", "auth-required", "request-buffered",
		"request-repeated", "header-dropped", "cookie-dropped", "session-affinity", "connection-limit", "thread-starvation", "client-abort-not-propagated",
		"tls-intercepted", "browser-throttle", "browser-sniff", "browser-connection-limit", "unknown"} {
		if !seen[id] {
			t.Errorf("the contract names cause %s, the table does not", id)
		}
		delete(seen, id)
	}
	for id := range seen {
		t.Errorf("the table names cause %s, the contract does not", id)
	}
	if !measure.Works.Known() || measure.Verdict("fine").Known() || !measure.Headers.Known() || measure.EventKind("head").Known() {
		t.Error("a closed table is open")
	}
}
