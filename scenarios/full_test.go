package scenarios_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// What takes long is asked in one run: its cells stand side by side.
func TestFullChecks(t *testing.T) {
	t.Parallel()
	const (
		vanish, restart, signal, cpu = "ending/vanish", "ending/server-restart", "ending/stop-signal", "counting/cpu"
		es, ws, lp                   = "eventsource", "websocket", "long-poll"
		direct, transparent          = "direct", "transparent"
	)
	r := run(t, []string{es, ws, lp}, []string{direct, transparent}, []string{vanish, restart, signal, cpu}, proxies.Reverse)

	// The origin goes away and comes back. An EventSource is put off for good by
	// a path that says 502 meanwhile.
	finds(t, r, es, direct, restart, measure.Works, "", "messages again")
	finds(t, r, ws, transparent, restart, measure.Works, "", "messages again")
	finds(t, r, es, transparent, restart, measure.Broken, "error-page", "gave up when the path answered with status 502")
	if n := valueOf(t, r, ws, transparent, restart, "killed_gap_notices"); n != 1 {
		t.Errorf("%g gap notices for an origin that forgot everything", n)
	}
	for _, proxy := range []string{direct, transparent} {
		finds(t, r, es, proxy, signal, measure.Works, "", "204: stays away; 502: stays away; 504: stays away")
		finds(t, r, lp, proxy, signal, measure.Works, "", "204: stays away; 502: comes back; 504: comes back")
	}
	// What an origin in this process uses cannot be told from what the rest does.
	finds(t, r, es, direct, cpu, measure.Untested, "", "what the origin uses cannot be told")

	// A client that vanished is known by TCP's own means, to whoever talks to it
	// directly. A path that still acknowledges hides it.
	if runtime.GOOS != "linux" {
		finds(t, r, es, direct, vanish, measure.Skipped, "", "Linux")
		return
	}
	finds(t, r, es, direct, vanish, measure.Works, "", "keepalive: after")
	finds(t, r, es, transparent, vanish, measure.Degraded, "client-abort-not-propagated", "keepalive: not within")
	if ms := valueOf(t, r, es, direct, vanish, "known_keepalive_ms"); ms < 1000 {
		t.Errorf("known after %g ms, before the first question was due", ms)
	}
	if ms := valueOf(t, r, es, direct, vanish, "known_heartbeat_ms"); ms != -1 {
		t.Errorf("writing alone told after %g ms", ms)
	}
	if n := valueOf(t, r, es, direct, vanish, "void_heartbeat_bytes"); n < 1000 {
		t.Errorf("%g bytes into the void", n)
	}
}

func TestReloadOfARealProxy(t *testing.T) {
	t.Parallel()
	p, err := real.Parse("real:nginx/streaming")
	if err != nil {
		t.Fatal(err)
	}
	if missing := new(proxies.MissingError); errors.As(p.Available(), &missing) {
		t.Skip(missing)
	}
	const nginx, reload = "real:nginx/streaming", "ending/reload"
	r := run(t, []string{"eventsource"}, []string{nginx}, []string{reload}, proxies.Reverse)
	finds(t, r, "eventsource", nginx, reload, measure.Works, "", "nothing was cut or lost")
	if n := valueOf(t, r, "eventsource", nginx, reload, "received"); n != valueOf(t, r, "eventsource", nginx, reload, "sent") {
		t.Errorf("%g received", n)
	}
}
