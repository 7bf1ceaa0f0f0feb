package real_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// What programs are not like nginx in. A program that is in none of these lists
// has a master and a worker, tells requests and connections, and reloads.
var (
	alone              = []string{"caddy", "envoy", "lighttpd", "mitmproxy", "privoxy", "squid", "tinyproxy", "traefik", "trafficserver"}
	silentOfRequests   = []string{"envoy", "h2o", "mitmproxy", "nghttpx", "traefik", "trafficserver"}
	silentOfConnection = []string{"apache2", "caddy", "envoy", "lighttpd", "mitmproxy", "nghttpx", "privoxy", "squid", "tinyproxy", "traefik", "trafficserver"}
	withoutReload      = []string{"envoy", "mitmproxy", "traefik", "trafficserver"}
)

// programOf is the name of p's program.
func programOf(p proxies.Proxy) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(p.Name(), real.Prefix), "/")
	name, _, _ = strings.Cut(name, "@")
	return name
}

// fewest is how many processes p has at least.
func fewest(p proxies.Proxy) int {
	if slices.Contains(alone, programOf(p)) {
		return 1
	}
	return 2
}

func reloads(p proxies.Proxy) bool { return !slices.Contains(withoutReload, programOf(p)) }

// otherMode is one of the two modes that p does not have, or none that exists.
func otherMode(p proxies.Proxy) proxies.Mode {
	for _, m := range []proxies.Mode{proxies.Reverse, proxies.Forward} {
		if !slices.Contains(p.Capabilities().Modes, m) {
			return m
		}
	}
	return "sideways"
}

// counted wants in to have counted n requests, each on a connection of its own,
// as far as the program tells. Some count what they have answered a moment later;
// none may count more.
func counted(t *testing.T, p proxies.Proxy, in *real.Instance, n int) {
	t.Helper()
	wantHits, wantAccepted := n, n
	if slices.Contains(silentOfRequests, programOf(p)) {
		wantHits = -1
	}
	if slices.Contains(silentOfConnection, programOf(p)) {
		wantAccepted = -1
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s := in.Stats()
		if late := s.Hits < wantHits || s.Accepted < wantAccepted; late && time.Now().Before(deadline) {
			continue
		}
		if s.Hits != wantHits || s.Accepted != wantAccepted {
			t.Errorf("after %d requests: %+v", n, s)
		}
		return
	}
}
