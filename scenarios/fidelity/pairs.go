package fidelity

import "slices"

// Pair names a real program in one configuration and what claims to behave
// like it.
type Pair struct {
	Real string // real:NAME[/CONFIG]
	Sim  string // a preset, or a composition of faults
	// Mode is how clients reach both: reverse, or forward for programs that
	// are forward proxies.
	Mode string
	// Tuned says that the preset was corrected by measurements of this very
	// configuration. The others show whether it also foretells: they are
	// composed from what the program's documentation says, and a difference is
	// left as it is.
	Tuned bool
	// Note is for readers of the table: what the documentation did not foretell.
	Note string
}

// Proxies lists both sides of the pairs, each once.
func Proxies(pairs []Pair) []string {
	var out []string
	for _, p := range pairs {
		for _, name := range []string{p.Real, p.Sim} {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// Pairs is the table: of each program the stock configuration, the streaming
// one, and at least one that no preset was tuned on.
func Pairs() []Pair {
	tuned := func(real, sim string) Pair { return Pair{Real: real, Sim: sim, Mode: "reverse", Tuned: true} }
	foretold := func(real, sim string) Pair { return Pair{Real: real, Sim: sim, Mode: "reverse"} }
	noted := func(p Pair, note string) Pair { p.Note = note; return p }
	forward := func(p Pair) Pair { p.Mode = "forward"; return p }
	return []Pair{
		tuned("real:apache2", "apache-default"),
		tuned("real:apache2/streaming", "apache-streaming"),
		// AJP has no upgrade; what is behind it flushes, so that mod_jk does. A
		// broken answer goes on with another, then with an error page.
		tuned("real:apache2/jk", "fault:repeat(broken)&abort-ignored&request-buffer&upgrade(mode=strip)&broken-off(page)&gzip(flush=1,if=type:text/html)&gzip(flush=1,if=type:text/plain)&gzip(flush=1,if=type:application/javascript)"),
		tuned("real:apache2/jk-streaming", "fault:abort-ignored&request-buffer&upgrade(mode=strip)&broken-off(page)"),
		// SecResponseBodyLimit, ProcessPartial, SecResponseBodyMimeType.
		foretold("real:apache2/modsecurity", "fault:idle(after=1h,status=502)&abort-ignored&request-buffer&host&prelude(bytes=524288,head=hold,if=type:text/html)&prelude(bytes=524288,head=hold,if=type:text/plain)&prelude(bytes=524288,head=hold,if=type:text/xml)"),
		tuned("real:caddy", "caddy-default"),
		tuned("real:caddy/streaming", "caddy-flush"),
		// minimum_length 512; the types are those of the directive's default matcher.
		noted(foretold("real:caddy/encode", "fault:broken-off(clean,unless=header:Upgrade)&gzip(first=512,if=type:text/)&gzip(first=512,if=type:application/json)&gzip(first=512,if=type:application/javascript)"),
			"the documentation of encode names the types that are compressed, and does not say that the heads of all others wait for their first byte too"),
		tuned("real:envoy", "envoy-default"),
		tuned("real:h2o", "h2o-default"),
		tuned("real:h2o/streaming", "h2o-streaming"),
		foretold("real:h2o/websocket", "fault:idle(after=20s,status=502)&abort-ignored&request-buffer&host&broken-off(clean,unless=header:Upgrade)&headers-held"),
		tuned("real:haproxy", "haproxy-default"),
		tuned("real:haproxy/streaming", "haproxy-streaming"),
		foretold("real:haproxy/buffer-request", "fault:idle(after=50s)&abort-ignored&request-buffer"),
		tuned("real:lighttpd", "lighttpd-default"),
		tuned("real:lighttpd/streaming", "lighttpd-streaming"),
		foretold("real:lighttpd/response-only", "fault:abort-ignored&request-buffer&upgrade(mode=strip)"),
		tuned("real:mitmproxy", "mitmproxy-default"),
		tuned("real:mitmproxy/streaming", "mitmproxy-streaming"),
		foretold("real:mitmproxy/large-bodies", "fault:idle(after=10m)&request-buffer&prelude(bytes=65536,head=hold,status=502)&broken-off(clean,if=header:Upgrade)"),
		tuned("real:nghttpx", "nghttpx-default"),
		tuned("real:nghttpx/streaming", "nghttpx-streaming"),
		foretold("real:nghttpx/read-timeout", "fault:idle(after=20s)"),
		tuned("real:nginx", "nginx-default"),
		tuned("real:nginx/streaming", "nginx-streaming"),
		foretold("real:nginx/unbuffered", "fault:idle(after=60s)&http10&host&request-buffer(max=1M)&gzip(flush=1,min=20,no-transform=ignore,vary=0,if=type:text/html,unless=header:Via)"),
		forward(tuned("real:privoxy", "privoxy-default")),
		forward(tuned("real:privoxy/streaming", "privoxy-streaming")),
		forward(foretold("real:privoxy/buffer-limit", "fault:idle(after=300s)&request-buffer&broken-off(fin,after=5s)&connect(blind)&upgrade(mode=one-way,lost=from-client)&prelude(bytes=65536,head=hold,if=type:text/html)&prelude(bytes=65536,head=hold,if=type:text/event-stream)&prelude(bytes=65536,head=hold,if=type:application/javascript)")),
		forward(tuned("real:squid", "squid-default")),
		forward(tuned("real:squid/streaming", "squid-streaming")),
		tuned("real:squid/accel", "squid-accel"),
		tuned("real:squid/accel-streaming", "squid-accel-streaming"),
		forward(foretold("real:squid/read-timeout", "fault:idle(after=20s)&duration(after=24h)&upgrade(mode=strip)&connect(only-443)")),
		forward(tuned("real:tinyproxy", "tinyproxy-default")),
		forward(foretold("real:tinyproxy/timeout", "fault:idle(after=60s,end=fin)&keepalive-off(origin)&abort-ignored(head)&connect(blind)&upgrade(mode=strip)")),
		tuned("real:traefik", "traefik-no-compress"),
		tuned("real:traefik/compress", "traefik-compress"),
		tuned("real:trafficserver", "trafficserver-default"),
		tuned("real:trafficserver/streaming", "trafficserver-streaming"),
		noted(tuned("real:trafficserver/active-timeout", "fault:idle(after=1h)&duration(after=20s,end=silence,status=504,unless=header:Upgrade)&abort-ignored&host"),
			"first composed from the documentation as duration(after=20s), which agreed in 4 of 8 cells: transaction_active_timeout_out is said to end the connection to the origin, and nothing is said of the client, which is left waiting (of websockets neither is ended). Corrected by that measurement, so that it counts as tuned; client-timeout has taken its place among the others"),
		// transaction_active_timeout_in: the connection to the client is closed.
		noted(foretold("real:trafficserver/client-timeout", "fault:idle(after=1h)&duration(after=20s,end=fin)&abort-ignored&host"),
			"the documentation has limits of their own for websockets (proxy.config.websocket.active_timeout), which was overlooked; and one exchange was accepted and never passed on"),
		tuned("real:varnish", "varnish-default"),
		tuned("real:varnish/streaming", "varnish-streaming"),
		// What cannot be fetched whole is a 503 (vcl_backend_error).
		foretold("real:varnish/whole", "fault:idle(after=60s,status=503)&duration(after=600s)&abort-ignored&upgrade(mode=strip)&buffer(until=close,status=503)"),
	}
}
