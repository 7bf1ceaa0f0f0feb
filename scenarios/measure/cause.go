package measure

import "slices"

// Family groups causes by what they do to a path.
type Family string

// The families of causes, as in RESULTS.md.
const (
	FamilyDelivery Family = "delivery"
	FamilyLimits   Family = "limits"
	FamilyOpening  Family = "opening"
	FamilyClient   Family = "client"
	FamilyUnknown  Family = "unknown"
)

// Cause is a row of the closed table: why a cell is degraded or broken.
type Cause struct {
	ID     string
	Family Family
	// Refines names the more general cause that this one makes precise.
	Refines string
	// Means says in one sentence what happens on the path.
	Means string
	// Advice says what to do, for the path first, then for the application.
	Advice string
}

const (
	stopBuffering = "Turn response buffering off for this location (nginx: proxy_buffering off; or send X-Accel-Buffering: no), or use a technique that works through this path as it is."
	raiseIdle     = "Raise the idle limit for this location (nginx: proxy_read_timeout; haproxy: timeout server and timeout tunnel), or send a heartbeat at most every half of it."
	allowUpgrade  = "Forward the upgrade (nginx: proxy_http_version 1.1 with Upgrade and Connection headers set; haproxy needs nothing), or use wss where the path passes TLS on without looking; otherwise fall back to a technique that works through it."
)

// Causes returns the closed table of RESULTS.md. Adding a row needs the fault
// that provokes it and the check that sees it.
func Causes() []Cause {
	return []Cause{
		{ID: "buffered", Family: FamilyDelivery, Means: "Something on the path holds the response back; how much it would take to make it let go is not known yet.", Advice: stopBuffering},
		{ID: "buffer-until-close", Family: FamilyDelivery, Refines: "buffered", Means: "The whole response is held until the origin ends it.", Advice: stopBuffering},
		{ID: "buffer-until-bytes", Family: FamilyDelivery, Refines: "buffered", Means: "The response is passed on only in blocks of a certain size.", Advice: stopBuffering},
		{ID: "hold-timer", Family: FamilyDelivery, Refines: "buffered", Means: "What arrives is collected and passed on when a timer fires.", Advice: "Make the proxy flush at once (haproxy: option http-no-delay; Go's ReverseProxy: FlushInterval -1), or live with the added delay."},
		{ID: "hold-last", Family: FamilyDelivery, Refines: "buffered", Means: "The path is always one message behind: the last piece waits for the next.", Advice: "Send a heartbeat or padding right after each message, or turn dynamic compression off for this type."},
		{ID: "headers-held", Family: FamilyDelivery, Means: "The response head waits for the first byte of the body.", Advice: "Send a prelude or a first message at once when the stream opens."},
		{ID: "scan", Family: FamilyDelivery, Refines: "buffered", Means: "The response is held, inspected and then released.", Advice: "Exempt this address from inspection, use TLS, or fall back to long-poll."},
		{ID: "compression", Family: FamilyDelivery, Refines: "buffered", Means: "A compressor on the path waits for a full block before it passes anything on.", Advice: "Exclude this content type from compression, or send Cache-Control: no-transform."},
		{ID: "content-type-dependent", Family: FamilyDelivery, Refines: "buffered", Means: "The path streams some content types and holds others.", Advice: "Send the type that the path lets through (usually text/event-stream), or add yours to its list."},
		{ID: "method-dependent", Family: FamilyDelivery, Refines: "buffered", Means: "The path streams one request method and holds another.", Advice: "Subscribe with the method that streams, usually POST read by fetch."},
		{ID: "accept-encoding-dependent", Family: FamilyDelivery, Refines: "buffered", Means: "The path holds the response only when the request offers compression.", Advice: "Exclude this content type from compression, or send Cache-Control: no-transform."},
		{ID: "prelude-dependent", Family: FamilyDelivery, Refines: "buffered", Means: "Nothing passes until a certain number of bytes was sent.", Advice: "Send a prelude of that many bytes when the stream opens."},
		{ID: "cached", Family: FamilyDelivery, Means: "An answer came from a cache instead of the origin.", Advice: "Send Cache-Control: no-store, make each URL unique, and exempt the path from caching."},
		{ID: "shared-stream", Family: FamilyDelivery, Means: "Two readers of one URL were given one and the same stream.", Advice: "Turn request collapsing off for this path, or make each URL unique."},
		{ID: "corrupted", Family: FamilyDelivery, Means: "Messages were lost, doubled, reordered or altered on the way.", Advice: "Look at what rewrites bodies on this path; use TLS so that it cannot; number messages and resume by id."},
		{ID: "origin-slow", Family: FamilyDelivery, Means: "The origin itself was late; the path added little.", Advice: "Look at the origin, not at the proxy."},

		{ID: "idle-timeout", Family: FamilyLimits, Means: "The path cuts an exchange that has been silent for a while.", Advice: raiseIdle},
		{ID: "first-byte-timeout", Family: FamilyLimits, Means: "The path gives up when the first byte of an answer takes too long.", Advice: "Hold polls for less than this limit; send the response head at once on streams."},
		{ID: "max-duration", Family: FamilyLimits, Means: "The path ends every exchange after a fixed time, busy or not.", Advice: "Recycle streams before that limit and resume by id, or raise the limit for this route."},
		{ID: "max-bytes", Family: FamilyLimits, Means: "The path ends every response after a fixed number of bytes.", Advice: "Recycle streams below that size and resume by id."},
		{ID: "truncated", Family: FamilyLimits, Means: "The path ended the response early in a way that looks like a proper end.", Advice: "Send an end mark, treat an end without it as a cut, and resume by id."},
		{ID: "half-open", Family: FamilyLimits, Means: "The path dropped one side of the exchange and kept the other open, so that nobody is told.", Advice: "Send heartbeats and let the client reconnect when two are missing."},
		{ID: "h2-reset", Family: FamilyLimits, Means: "The path resets long HTTP/2 streams.", Advice: "Recycle before the reset, or use HTTP/1.1 or polling on this path."},
		{ID: "reload", Family: FamilyLimits, Means: "A reload of the proxy cuts open exchanges.", Advice: "Give old workers a long shutdown time; reconnect with jitter and resume by id."},

		{ID: "upgrade-refused", Family: FamilyOpening, Means: "The request to upgrade to a websocket is refused by the path.", Advice: allowUpgrade},
		{ID: "upgrade-stripped", Family: FamilyOpening, Means: "The path removes the upgrade, so that the origin sees an ordinary request.", Advice: allowUpgrade},
		{ID: "upgrade-mute", Family: FamilyOpening, Means: "The upgrade succeeds and then nothing passes.", Advice: "Wait for a first message before trusting a websocket, fall back otherwise; use wss."},
		{ID: "upgrade-killed", Family: FamilyOpening, Means: "The upgrade succeeds and the socket is cut shortly after.", Advice: "Trust a websocket only after some seconds of health, fall back otherwise; use wss."},
		{ID: "upgrade-one-way", Family: FamilyOpening, Means: "The upgrade succeeds and only one direction passes.", Advice: "Test both directions before trusting a websocket; use wss."},
		{ID: "error-page", Family: FamilyOpening, Means: "The path answers by itself instead of the origin.", Advice: "Read the status and the page it sends: routing, access rules or a dead upstream."},
		{ID: "auth-required", Family: FamilyOpening, Means: "The path asks for credentials first.", Advice: "Give the client credentials for the proxy, or exempt the address."},
		{ID: "request-buffered", Family: FamilyOpening, Means: "A request body is held back until it is complete.", Advice: "Turn request buffering off (nginx: proxy_request_buffering off), or send small whole requests."},
		{ID: "request-repeated", Family: FamilyOpening, Means: "One request reached the origin more than once.", Advice: "Turn retries off for this route, and make requests safe to repeat."},
		{ID: "header-dropped", Family: FamilyOpening, Means: "A header that the technique relies on did not arrive.", Advice: "Let the header pass, or carry the value in the URL."},
		{ID: "cookie-dropped", Family: FamilyOpening, Means: "Cookies did not pass.", Advice: "Let Cookie and Set-Cookie pass, or carry the session in the URL."},
		{ID: "session-affinity", Family: FamilyOpening, Means: "Requests of one session reached different servers.", Advice: "Make sessions sticky, or share them between servers."},
		{ID: "connection-limit", Family: FamilyOpening, Means: "The path allows fewer connections at once than were asked for.", Advice: "Raise the limit (nginx: worker_connections; haproxy: maxconn), or share one stream per browser."},
		{ID: "thread-starvation", Family: FamilyOpening, Means: "Held requests take up all workers, and others wait.", Advice: "Serve held requests asynchronously, or raise the number of workers."},
		{ID: "client-abort-not-propagated", Family: FamilyOpening, Means: "When the client leaves, the origin is not told.", Advice: "Make the proxy close upstream with the client (haproxy: option abortonclose; nginx: proxy_ignore_client_abort off); send heartbeats so that a write fails."},
		{ID: "tls-intercepted", Family: FamilyOpening, Means: "TLS ends on the path, not at the origin.", Advice: "Exempt the address from inspection."},

		{ID: "browser-throttle", Family: FamilyClient, Means: "The browser itself reports progress late.", Advice: "Read by fetch, EventSource or WebSocket instead of XMLHttpRequest."},
		{ID: "browser-sniff", Family: FamilyClient, Means: "The browser waits for bytes to guess the content type.", Advice: "Send a content type with a charset and X-Content-Type-Options: nosniff, or a prelude of 1,024 bytes."},
		{ID: "browser-connection-limit", Family: FamilyClient, Means: "The browser's own limit of connections per host is used up.", Advice: "Share one stream between tabs, use several host names, or HTTP/2."},

		{ID: "unknown", Family: FamilyUnknown, Means: "None of the known causes fits what was seen.", Advice: "Look at the timeline of this cell."},
	}
}

// CauseByID finds a row of the table.
func CauseByID(id string) (Cause, bool) {
	all := Causes()
	i := slices.IndexFunc(all, func(c Cause) bool { return c.ID == id })
	if i < 0 {
		return Cause{}, false
	}
	return all[i], true
}
