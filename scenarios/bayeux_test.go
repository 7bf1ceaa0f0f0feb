package scenarios_test

import (
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestBayeux: sessions over polls pass what buffers answers and not what drops
// cookies; over a socket it is the other way about.
func TestBayeux(t *testing.T) {
	const works, degraded, broken = measure.Works, measure.Degraded, measure.Broken
	type outcome struct {
		verdict measure.Verdict
		cause   string
	}
	cases := map[string]struct{ polls, socket outcome }{
		"direct":                      {outcome{works, ""}, outcome{works, ""}},
		"transparent":                 {outcome{works, ""}, outcome{works, ""}},
		"fault:buffer(until=close)":   {outcome{works, ""}, outcome{works, ""}},
		"nginx-default":               {outcome{works, ""}, outcome{broken, "upgrade-stripped"}},
		"haproxy-default":             {outcome{works, ""}, outcome{degraded, "idle-timeout"}},
		"fault:header(strip=Cookie)":  {outcome{broken, "cookie-dropped"}, outcome{works, ""}},
		"fault:upgrade(mode=one-way)": {outcome{works, ""}, outcome{broken, "upgrade-one-way"}},
		"fault:idle(after=60s)":       {outcome{works, ""}, outcome{degraded, "idle-timeout"}},
	}
	polled, socket := []string{"bayeux-long-polling", "bayeux-callback-polling"}, "bayeux-websocket"
	var specs []string
	for spec := range cases {
		specs = append(specs, spec)
	}
	r := run(t, append(polled, socket), specs, []string{"opening/connect", "delivery/first", "delivery/steady", "delivery/idle", "ending/recycle"}, proxies.Reverse)
	for spec, c := range cases {
		for _, technique := range polled {
			expect(t, r, technique, spec, c.polls.verdict, c.polls.cause)
		}
		expect(t, r, socket, spec, c.socket.verdict, c.socket.cause)
	}
}
