package scenarios_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// upToThorough are the ids of the quick and the thorough checks.
func upToThorough() []string {
	var ids []string
	for _, c := range scenarios.All() {
		if c.Tier <= scenarios.Thorough {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// found is a check's record.
func found(t *testing.T, r *measure.Run, technique, proxy, check string) measure.CheckRecord {
	t.Helper()
	for _, k := range r.Checks {
		if k.Technique == technique && k.Proxy == proxy && k.Check == check {
			return k
		}
	}
	t.Fatalf("no check %s of %s via %s", check, technique, proxy)
	return measure.CheckRecord{}
}

// finds asserts verdict, cause and a word of what was found.
func finds(t *testing.T, r *measure.Run, technique, proxy, check string, verdict measure.Verdict, cause, word string) {
	t.Helper()
	k := found(t, r, technique, proxy, check)
	if k.Verdict != verdict || k.Cause != cause || !strings.Contains(k.Got, word) {
		t.Errorf("%s of %s via %s: %s because %q: %s\nwant %s because %q, with %q", check, technique, proxy, k.Verdict, k.Cause, k.Got, verdict, cause, word)
	}
}

func TestTiers(t *testing.T) {
	all := scenarios.All()
	quick, more := scenarios.UpTo(all, scenarios.Quick), scenarios.UpTo(all, scenarios.Thorough)
	if len(quick) == 0 || len(quick) >= len(more) || len(more) >= len(all) || len(scenarios.UpTo(all, scenarios.Full)) != len(all) {
		t.Errorf("%d quick, %d up to thorough, %d in all", len(quick), len(more), len(all))
	}
	if slices.ContainsFunc(quick, func(c scenarios.Check) bool { return c.Tier != scenarios.Quick }) {
		t.Error("a check that is not quick among the quick ones")
	}
}

// Each trouble of a path is named by the check that asks about it, for the
// techniques that it concerns.
func TestThoroughChecksNameTheirCauses(t *testing.T) {
	t.Parallel()
	const (
		flip, refuse, wait, old             = "fault:corrupt(mode=flip,every=5)", "fault:connections(3)", "fault:connections(3,over=wait)", "fault:http10"
		integrity, fanIn, resume, truncated = "delivery/integrity", "delivery/fan-in-7", "ending/resume", "ending/truncated"
		es, ws, fetch                       = "eventsource", "websocket", "fetch-streaming"
		works, degraded, broken             = measure.Works, measure.Degraded, measure.Broken
	)
	r := run(t, []string{es, ws, fetch}, []string{flip, refuse, wait, old}, []string{integrity, fanIn, resume, truncated}, proxies.Reverse)
	for _, want := range []struct {
		technique, proxy, check string
		verdict                 measure.Verdict
		cause, word             string
	}{
		{es, flip, integrity, broken, "corrupted", "harmed: "},
		{ws, flip, integrity, works, "", "as they were sent"},
		{es, refuse, integrity, works, "", "as they were sent"},
		{es, refuse, fanIn, broken, "connection-limit", "3 of 6 streams opened"},
		{ws, refuse, fanIn, broken, "connection-limit", "3 of 6 streams opened"},
		{es, wait, fanIn, broken, "thread-starvation", "3 of 6 streams opened"},
		{ws, wait, fanIn, broken, "thread-starvation", "3 of 6 streams opened"},
		// HTTP/1.0 towards the origin cannot tell a cut from an end, and the path
		// hands on the latter.
		{fetch, old, truncated, degraded, "truncated", "looked like a proper end"},
		{es, old, truncated, works, "", "comes back after either"},
		{fetch, old, resume, works, "", "once and in order"},
		{es, old, resume, works, "", "once and in order"},
		{ws, old, resume, broken, "upgrade-stripped", ""},
		{es, refuse, resume, works, "", "once and in order"},
	} {
		finds(t, r, want.technique, want.proxy, want.check, want.verdict, want.cause, want.word)
	}
	if n := valueOf(t, r, es, flip, integrity, "lost"); n < 5 {
		t.Errorf("%g messages lost", n)
	}
	if n := valueOf(t, r, fetch, old, resume, "cuts"); n < 3 {
		t.Errorf("%g cuts", n)
	}
}

func TestFanInNamesWhoseLimitItIs(t *testing.T) {
	t.Parallel()
	const fanIn = "delivery/fan-in-7"
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		client, _ := clients.ByName("model:two-connections")
		r := plan{techniques: []string{"eventsource"}, specs: []string{"direct"}, checks: []string{fanIn}, client: client}.run(t)
		finds(t, r, "eventsource", "direct", fanIn, measure.Degraded, "browser-connection-limit", "2 of 6 streams opened")
	})
	t.Run("origin", func(t *testing.T) {
		t.Parallel()
		r := plan{techniques: []string{"eventsource"}, specs: []string{"direct"}, checks: []string{fanIn}, config: reference.Config{Workers: 4}}.run(t)
		finds(t, r, "eventsource", "direct", fanIn, measure.Broken, "thread-starvation", "the origin itself")
	})
}

// Of the endings that a silence can have, a reload comes once, and a reset of
// HTTP/2 streams leaves HTTP/1.1 alone.
func TestSilenceTellsLimitsApart(t *testing.T) {
	t.Parallel()
	const idle = "delivery/idle"
	t.Run("reload", func(t *testing.T) {
		t.Parallel()
		const reload = "fault:reload(after=400ms)"
		r := plan{techniques: []string{"eventsource", "long-poll"}, specs: []string{reload}, checks: []string{idle}, mode: proxies.Reverse, opt: scenarios.Options{MaxWait: 600 * time.Millisecond}}.run(t)
		for _, technique := range []string{"eventsource", "long-poll"} {
			finds(t, r, technique, reload, idle, measure.Degraded, "reload", "once")
		}
	})
	t.Run("h2-reset", func(t *testing.T) {
		t.Parallel()
		const reset, duration = "fault:h2-reset(after=400ms)", "fault:duration(after=30s)"
		r := plan{techniques: []string{"eventsource"}, specs: []string{reset, duration}, checks: []string{idle}, mode: proxies.Reverse, http: "2", opt: scenarios.Options{MaxWait: 600 * time.Millisecond}}.run(t)
		finds(t, r, "eventsource", reset, idle, measure.Degraded, "h2-reset", "over HTTP/1.1 the same exchange lives longer")
		finds(t, r, "eventsource", duration, idle, measure.Degraded, "max-duration", "heartbeats or not")
	})
	t.Run("what counts", func(t *testing.T) {
		t.Parallel()
		const body, any, clean = "fault:idle(after=20s)", "fault:idle(after=20s,counts=any)", "fault:duration(after=30s,end=clean)"
		r := run(t, []string{"xhr-streaming", "websocket", "long-poll"}, []string{body, any, clean}, []string{idle}, proxies.Reverse)
		finds(t, r, "xhr-streaming", body, idle, measure.Degraded, "idle-timeout", "bytes of the body count")
		finds(t, r, "websocket", body, idle, measure.Degraded, "idle-timeout", "any bytes count")
		finds(t, r, "long-poll", body, idle, measure.Degraded, "first-byte-timeout", "102 answers meanwhile do not count")
		finds(t, r, "long-poll", any, idle, measure.Degraded, "first-byte-timeout", "any bytes count: 102 answers")
		finds(t, r, "xhr-streaming", clean, idle, measure.Degraded, "truncated", "cut (clean)")
	})
}
