package scenarios_test

import (
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Sessions are lost between two servers, and what has none goes on, since both
// have the messages. A path that drops cookies loses nothing with one server
// behind it, and would with two.
func TestSessions(t *testing.T) {
	t.Parallel()
	const poll, stream, plain = "sockjs-xhr", "sockjs-xhr-streaming", "long-poll"
	const robin, cookies = "fault:round-robin", "fault:header(strip=Cookie,request)&header(strip=Set-Cookie,response)"
	r := plan{
		techniques: []string{poll, stream, plain, "sockjs-websocket"}, specs: []string{"transparent", robin, cookies},
		checks: []string{"opening/session", "delivery/steady"}, mode: proxies.Reverse,
	}.run(t)
	for _, tech := range []string{poll, stream} {
		expectCheck(t, r, tech, "transparent", "opening/session", measure.Works, "")
		expectCheck(t, r, tech, robin, "opening/session", measure.Broken, "session-affinity")
		expectCheck(t, r, tech, cookies, "opening/session", measure.Degraded, "cookie-dropped")
		expect(t, r, tech, robin, measure.Broken, "session-affinity")
		expect(t, r, tech, cookies, measure.Degraded, "cookie-dropped")
	}
	expectCheck(t, r, poll, robin, "delivery/steady", measure.Broken, "session-affinity")
	expectCheck(t, r, stream, robin, "delivery/steady", measure.Works, "") // one request
	for _, tech := range []string{plain, "sockjs-websocket"} {
		expect(t, r, tech, robin, measure.Works, "")
	}
}

// Every SockJS transport is told apart from the others by what holds it back.
func TestSockJSThroughBuffers(t *testing.T) {
	t.Parallel()
	streams := []string{"sockjs-xhr-streaming", "sockjs-eventsource", "sockjs-htmlfile"}
	others := []string{"sockjs-xhr", "sockjs-jsonp", "sockjs-websocket"}
	const held, refused = "fault:buffer(until=close)", "fault:upgrade(mode=refuse)"
	r := plan{
		techniques: append(streams, others...), specs: []string{"transparent", held, refused},
		checks: []string{"opening/connect", "delivery/steady", "delivery/burst"}, mode: proxies.Reverse,
		ask: func(l measure.Labels, check string) bool { // only a burst can tell until when
			return check != "delivery/burst" || l.Technique == streams[0] && l.Proxy == held
		},
	}.run(t)
	for i, tech := range streams {
		expect(t, r, tech, "transparent", measure.Works, "")
		expect(t, r, tech, held, measure.Broken, []string{"buffer-until-close", "buffered", "buffered"}[i])
		expect(t, r, tech, refused, measure.Works, "")
	}
	for _, tech := range others {
		expect(t, r, tech, "transparent", measure.Works, "")
		expect(t, r, tech, held, measure.Works, "")
	}
	expect(t, r, "sockjs-websocket", refused, measure.Broken, "upgrade-refused")
	expect(t, r, "sockjs-xhr", refused, measure.Works, "")
}
