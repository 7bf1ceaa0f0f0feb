package measure

// upgraded shows how an upgrade is answered.
const upgraded = `curl -s -i -N --http1.1 --max-time 5 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$URL" | head -n 5`

func explainOpening() []Explanation {
	const trust = "Trust a websocket only when something has come through it, and some seconds later still; then fall back."
	return []Explanation{
		{
			Cause: "upgrade-refused", Symptom: "The websocket fails at once with 400, 403, 426 or 501.",
			Picture: []string{
				"client   GET, Upgrade: websocket ──▶ path",
				"client   ◀── 403                     path   (the origin saw nothing)",
			},
			Curl: upgraded, Application: "Use wss, which most paths pass on unseen; else fall back to eventsource or long-poll.",
		},
		{
			Cause: "upgrade-stripped", Symptom: "The websocket fails, and the origin answers an ordinary request.",
			Picture: []string{
				"client   GET, Upgrade: websocket ──▶ path ── GET ──▶ origin",
				"client   ◀──────────── 200, 400 or 426 ──────────── origin",
			},
			Curl: upgraded, Application: "Use wss, which most paths pass on unseen; else fall back.",
		},
		{
			Cause: "upgrade-mute", Symptom: "The websocket opens and no message ever comes; no error, no fallback.",
			Picture: []string{
				"client   ◀── 101 ── path",
				"client   · · · · ·  path ◀──m1──m2── origin",
			},
			Curl: upgraded, Application: trust,
		},
		{
			Cause: "upgrade-killed", Symptom: "The websocket opens and dies within half a second, again and again.",
			Picture: []string{
				"client   ◀── 101 ── path",
				"client   ✗ after 200 ms",
			},
			Curl: upgraded, Application: trust,
		},
		{
			Cause: "upgrade-one-way", Symptom: "The websocket opens; messages pass in one direction only.",
			Picture: []string{
				"client   ◀──m1──m2── origin",
				"client   ──u1──┐ lost",
			},
			Curl: upgraded, Application: "Test both directions before trusting a websocket; then fall back.",
		},
		{
			Cause: "error-page", Symptom: "The client is given a page or a status that the origin never sent.",
			Picture: []string{
				"client   GET ──▶ path",
				"client   ◀── 502, 403 or a page ── path   (the origin saw nothing)",
			},
			Curl: `curl -s -i --max-time 5 "$URL" | head -n 20`, Application: "Look at status and type before the body; treat a page where a stream was due as an error, and retry slowly.",
		},
		{
			Cause: "auth-required", Symptom: "407 or 401 from something that is not the application.",
			Picture: []string{
				"client   GET ──▶ proxy",
				"client   ◀── 407 Proxy Authentication Required ── proxy",
			},
			Curl: `curl -s -o /dev/null -w '%{http_code}\n' -x "$PROXY" "$URL"`, Application: "Nothing: the client or its administrator must give credentials to the proxy.",
		},
		{
			Cause: "request-buffered", Symptom: "What a client sends piece by piece reaches the origin in one piece, at the end.",
			Picture: []string{
				"client   POST ──u1──u2──u3──end",
				"path     holds                └──u1 u2 u3──▶ origin",
			},
			Curl: `(for i in 1 2 3; do echo "$i"; sleep 1; done) | curl -sN -T - "$URL"   # the origin's log shows when each line came`, Application: "Send many small whole requests instead of one long one.",
		},
		{
			Cause: "request-repeated", Symptom: "One click, two orders: the origin is asked more than once for one request.",
			Picture: []string{
				"client   POST ──▶ path ──▶ origin  (no answer in time, or a reset)",
				"                  path ──▶ origin  again",
			},
			Curl: `curl -s -X POST "$URL"   # the origin's log shows two requests`, Application: "Make requests safe to repeat: an id per request, kept by the origin.",
		},
		{
			Cause: "header-dropped", Symptom: "Something that depends on a header fails behind the proxy only.",
			Picture: []string{
				"client   GET, X-Probe: 1 ──▶ path ── GET ──▶ origin",
			},
			Curl: `curl -s -i -H 'X-Probe: 1' "$URL"   # compare what the origin saw, and what came back`, Application: "Carry the value in the URL or the body.",
		},
		{
			Cause: "cookie-dropped", Symptom: "Sessions are lost behind the proxy: each request is a new user.",
			Picture: []string{
				"client   GET, Cookie: s=1 ──▶ path ── GET ──▶ origin",
			},
			Curl: `curl -s -i -b s=1 "$URL"   # compare what the origin saw`, Application: "Carry the session in the URL or in a header that passes.",
		},
		{
			Cause: "session-affinity", Symptom: "\"Session unknown\" now and then: requests of one session reach different servers.",
			Picture: []string{
				"client   poll 1 ──▶ balancer ──▶ server A (knows the session)",
				"client   poll 2 ──▶ balancer ──▶ server B (does not)",
			},
			Curl: `for i in 1 2 3 4; do curl -s -b jar -c jar "$URL" | head -c 120; echo; done`, Application: "Share sessions between servers, or use one connection that lasts (websocket, stream).",
		},
		{
			Cause: "connection-limit", Symptom: "The n-th stream waits or gets 503 while the others are fine.",
			Picture: []string{
				"stream 1…6   ──m1──m2──",
				"stream 7     waits, or 503",
			},
			Curl: `for i in $(seq 1 8); do curl -sN -o /dev/null -w "$i: %{http_code} after %{time_starttransfer} s\n" --max-time 5 "$URL" & done; wait`, Application: "Share one stream per browser (SharedWorker, BroadcastChannel), and multiplex channels on it.",
		},
		{
			Cause: "thread-starvation", Symptom: "Ordinary pages hang while many clients hold polls or streams.",
			Picture: []string{
				"worker 1…10   each holds a poll",
				"request 11    waits for one of them",
			},
			Curl: `curl -s -o /dev/null -w '%{time_starttransfer} s\n' "$ORIGIN/healthz"   # while streams are held`, Application: "Serve held requests asynchronously, or give them a pool of their own.",
		},
		{
			Cause: "client-abort-not-propagated", Symptom: "The origin goes on working for clients that left; held streams pile up.",
			Picture: []string{
				"client   ✗ leaves",
				"path     keeps the request open ── origin ──m5──m6──▶ nobody",
			},
			Curl: `curl -sN --max-time 2 "$URL" >/dev/null   # when does the origin's log show the end?`, Application: "Send heartbeats, so that a write fails; bound the life of every stream.",
		},
		{
			Cause: "tls-intercepted", Symptom: "The certificate is not the site's: something on the way reads along.",
			Picture: []string{
				"client ═══ TLS (another certificate) ═══ path ═══ TLS ═══ origin",
			},
			Curl: `curl -sv -o /dev/null "$URL" 2>&1 | grep -e issuer -e subject`, Application: "Nothing; ask for the address to be exempted, and expect everything a proxy can do.",
		},
	}
}
