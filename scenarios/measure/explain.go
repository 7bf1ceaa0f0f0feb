package measure

import "slices"

// Explanation is what a person needs to recognise a cause without this
// program, and to get rid of it.
type Explanation struct {
	Cause   string
	Symptom string // what users and developers report
	// Picture is the wire, origin to the left, client to the right, a line a
	// moment.
	Picture []string
	// Curl is a line for a shell that shows the cause at $URL.
	Curl string
	// Application says what the application itself can do about it.
	Application string
	// Fixes are for the path, program by program.
	Fixes []Fix
}

// Explain finds the explanation of a cause.
func Explain(cause string) (Explanation, bool) {
	all := Explanations()
	i := slices.IndexFunc(all, func(e Explanation) bool { return e.Cause == cause })
	if i < 0 {
		return Explanation{}, false
	}
	return all[i], true
}

// Explanations returns one for each cause, in the order of Causes.
func Explanations() []Explanation {
	out := slices.Concat(explainDelivery(), explainLimits(), explainOpening(), explainClient())
	for i := range out {
		out[i].Fixes = fixesOf(out[i].Cause)
	}
	return out
}

// stamped shows each line with the time at which it came.
const stamped = `curl -sN "$URL" | while IFS= read -r line; do printf '%s %s\n' "$(date +%T.%3N)" "$line"; done`

func explainDelivery() []Explanation {
	const fallback = "Fall back to long-poll where the stream stays silent: a poll's answer ends, and what is held comes out with its end."
	return []Explanation{
		{
			Cause: "buffered", Symptom: "The stream opens, nothing comes, then many messages at once. It works on a laptop and against the origin itself.",
			Picture: []string{
				"origin   ──m1──m2──m3──┐",
				"path                   │ holds",
				"client   ·  ·  ·  ·  · └──m1 m2 m3",
			},
			Curl: stamped, Application: "Send X-Accel-Buffering: no and Cache-Control: no-transform. " + fallback,
		},
		{
			Cause: "buffer-until-close", Symptom: "Nothing arrives until the origin ends the answer; a stream that never ends is never seen.",
			Picture: []string{
				"origin   ──m1──m2──m3──m4──…──end",
				"path     holds ≥ 256 KB        │",
				"client   ·  ·  ·  ·  ·  ·  ·  └──m1 m2 m3 m4 …",
			},
			Curl: stamped, Application: "End answers soon (recycle by bytes and by time) or poll. " + fallback,
		},
		{
			Cause: "buffer-until-bytes", Symptom: "Busy streams look fine, quiet ones hang: messages come in lumps of 4, 8 or 32 KB.",
			Picture: []string{
				"origin   ──m1──m2──m3──m4──m5──m6──",
				"path     fills 4,096 bytes ┐  fills …",
				"client   ·  ·  ·  ·  ·  ·  └m1 m2 m3 m4",
			},
			Curl: stamped, Application: "Padding each message to the block's size passes it at that cost. " + fallback,
		},
		{
			Cause: "hold-timer", Symptom: "Messages come in small batches, a fixed time late at most: 200 ms is typical.",
			Picture: []string{
				"origin   ─m1─m2────m3─m4────",
				"path     └ 200 ms ┐└ 200 ms ┐",
				"client   ·  ·  ·  m1 m2    m3 m4",
			},
			Curl: stamped, Application: "Live with the delay, or answer by polls where it matters.",
		},
		{
			Cause: "hold-last", Symptom: "The client is always one message behind; the last one never comes while nothing follows it.",
			Picture: []string{
				"origin   ──m1────m2────m3────",
				"path       └─ held until the next ─┐",
				"client   ·  ·  ·  m1 ·  ·  m2 ·  ·  (m3 missing)",
			},
			Curl: stamped, Application: "Send a comment or a heartbeat right behind each message.",
		},
		{
			Cause: "headers-held", Symptom: "onopen fires late or never; clients give up before the first message although the origin answered at once.",
			Picture: []string{
				"origin   ─head──────────────m1──",
				"path      └ waits for a body ┐",
				"client   ·  ·  ·  ·  ·  ·  · └head m1",
			},
			Curl: `curl -sN -o /dev/null -w 'head after %{time_starttransfer} s\n' --max-time 5 "$URL"`, Application: "Send a prelude or a first message together with the head.",
		},
		{
			Cause: "scan", Symptom: "The beginning of a stream is late by seconds, as if it were downloaded and inspected; then it flows.",
			Picture: []string{
				"origin   ──m1──m2──m3──m4──m5──m6──",
				"scanner  inspects for 20 s ┐",
				"client   ·  ·  ·  ·  ·  ·  └m1 m2 m3 m4 m5─m6──",
			},
			Curl: stamped, Application: "Use TLS with a name that is not inspected, long-lived answers as rare as possible, or long-poll with short holds.",
		},
		{
			Cause: "compression", Symptom: "curl streams and the browser does not: only who offers gzip waits.",
			Picture: []string{
				"origin   ──m1──m2──m3──────────",
				"gzip     waits for a full block ┐",
				"client   ·  ·  ·  ·  ·  ·  ·  · └(Content-Encoding: gzip) m1 m2 m3",
			},
			Curl: `curl -sN -D- --compressed "$URL" | while IFS= read -r line; do printf '%s %s\n' "$(date +%T.%3N)" "$line"; done`, Application: "Send Cache-Control: no-transform, or compress it yourself and flush each message (Z_SYNC_FLUSH).",
		},
		{
			Cause: "content-type-dependent", Symptom: "An EventSource streams and the same bytes as HTML, text or NDJSON do not, or the other way round.",
			Picture: []string{
				"text/event-stream   ──m1──m2──m3──▶ at once",
				"text/plain          ──m1──m2──m3──┐ held",
			},
			Curl: `for type in text/event-stream text/plain text/html; do echo "$type"; curl -sN --max-time 5 "$URL&type=$type" | while IFS= read -r l; do date +%T.%3N; done; done`, Application: "Answer with the type that streams; parameters such as charset may matter where it is compared exactly.",
		},
		{
			Cause: "method-dependent", Symptom: "A GET hangs and a POST of the same address streams.",
			Picture: []string{
				"GET    ──m1──m2──m3──┐ held",
				"POST   ──m1──m2──m3──▶ at once",
			},
			Curl: `curl -sN --max-time 5 "$URL" | wc -c; curl -sN --max-time 5 -X POST "$URL" | wc -c`, Application: "Subscribe by POST and read with fetch; EventSource cannot.",
		},
		{
			Cause: "accept-encoding-dependent", Symptom: "Held for browsers, not for curl, and no compression shows in the answer.",
			Picture: []string{
				"Accept-Encoding: gzip   ──m1──m2──┐ held",
				"no Accept-Encoding      ──m1──m2──▶ at once",
			},
			Curl: `curl -sN --max-time 5 "$URL" | wc -c; curl -sN --max-time 5 -H 'Accept-Encoding: gzip' "$URL" | wc -c`, Application: "Send Cache-Control: no-transform or Content-Encoding: identity.",
		},
		{
			Cause: "prelude-dependent", Symptom: "The first messages are held until 1 to 4 KB were sent; then each comes at once.",
			Picture: []string{
				"origin   ──m1──m2── … 2,048 bytes ──m9──m10──",
				"client   ·  ·  ·  ·  ·  ·  ·  m1…m8 ┘ m9──m10──",
			},
			Curl: stamped, Application: "Send a prelude of that many bytes when the stream opens: a comment, spaces, or text nobody reads.",
		},
		{
			Cause: "cached", Symptom: "A client sees old messages again, or a recording instead of the stream; polls are answered and nothing new is in them.",
			Picture: []string{
				"client 1   GET ──▶ origin ──m1 m2──▶ cache keeps it",
				"client 2   GET ──▶ cache  ──m1 m2──▶ (the origin was not asked)",
			},
			Curl: `curl -sD- -o /dev/null "$URL"; curl -sD- -o /dev/null "$URL" | grep -i -e '^age' -e cache`, Application: "Send Cache-Control: no-store, and make every URL unique.",
		},
		{
			Cause: "shared-stream", Symptom: "Two users of one address see one stream: the second starts in the middle or with the first one's past.",
			Picture: []string{
				"client 1   GET ─┐",
				"                ├─ one request ─▶ origin",
				"client 2   GET ─┘",
			},
			Curl: `curl -sN --max-time 5 "$URL" & curl -sN --max-time 5 "$URL"; wait   # the origin's log shows one request`, Application: "Make each URL unique (a nonce in the query), and send Cache-Control: no-store.",
		},
		{
			Cause: "corrupted", Symptom: "Messages are missing, doubled, out of order or changed, or markup that nobody sent stands between them.",
			Picture: []string{
				"origin   ──m1──m2──m3──m4──",
				"client   ──m1──────m3'─m3─m4──",
			},
			Curl: `diff <(curl -sN --max-time 5 "$ORIGIN") <(curl -sN --max-time 5 "$URL")`, Application: "Number messages, resume by id, and use TLS so that nothing can rewrite them.",
		},
		{
			Cause: "origin-slow", Symptom: "Messages are late with and without the proxy.",
			Picture: []string{
				"due      ──m1──m2──m3──",
				"origin   ·  ·  ──m1──m2──m3──",
				"client   ·  ·  ──m1──m2──m3──   (the path adds little)",
			},
			Curl: `curl -sN "$ORIGIN" | while IFS= read -r l; do date +%T.%3N; done   # at the origin itself`, Application: "Look at the origin: a flush that is missing, a starved pool, a garbage collector.",
		},
	}
}
