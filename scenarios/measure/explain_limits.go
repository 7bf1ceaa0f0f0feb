package measure

// ended shows how long an exchange lived and how it ended.
const ended = `curl -sN -o /dev/null -w '%{time_total} s, status %{http_code}, curl ended with %{exitcode}\n' "$URL"`

func explainLimits() []Explanation {
	const resume = "Reconnect with a random delay and resume by id (Last-Event-ID)."
	return []Explanation{
		{
			Cause: "idle-timeout", Symptom: "Streams die after the same time of silence: 30 s, 55 s, 60 s, 100 s. Busy ones live.",
			Picture: []string{
				"origin   ──m1──────────── silence ────────────",
				"path     └────────────── 60 s ───────────────┐ cut",
				"client   ──m1──────────── silence ───────────✗",
			},
			Curl: ended, Application: "Send a heartbeat at most every half of the limit; hold polls for less than it. " + resume,
		},
		{
			Cause: "first-byte-timeout", Symptom: "Held polls end with 504 or a cut; answers that begin at once are fine.",
			Picture: []string{
				"client   GET ──────────────────▶ origin thinks",
				"path     └──── 15 s without a byte ────┐ 504",
			},
			Curl: ended, Application: "Hold polls for less than the limit; on streams send the head at once.",
		},
		{
			Cause: "max-duration", Symptom: "Streams die after a fixed time, heartbeats or not.",
			Picture: []string{
				"origin   ──m1──♥──m2──♥──m3──♥──",
				"path     └──────── 30 s ───────┐ cut",
				"client   ──m1──♥──m2──♥──m3──✗",
			},
			Curl: ended, Application: "Recycle the stream before the limit. " + resume,
		},
		{
			Cause: "max-bytes", Symptom: "Streams die after the same number of bytes.",
			Picture: []string{
				"origin   ──m1──m2── … ──m900──m901──",
				"path     └──── 65,536 bytes ────┐ cut",
			},
			Curl: `curl -sN "$URL" | wc -c`, Application: "Recycle the stream below that size. " + resume,
		},
		{
			Cause: "truncated", Symptom: "An answer ends with status 200 and no error, and its end is missing.",
			Picture: []string{
				"origin   ──m1──m2──m3──m4──end",
				"path     ──m1──m2──┐ a clean end of its own",
				"client   ──m1──m2──end   (nobody can tell)",
			},
			Curl: `curl -sN "$URL" | tail -n 2   # is the end mark there?`, Application: "Send an end mark, take an end without it for a cut, and resume by id.",
		},
		{
			Cause: "half-open", Symptom: "The stream looks open and is dead: no error fires, for hours.",
			Picture: []string{
				"origin   ──m1──m2──✗ (gone, or talking to nobody)",
				"path     keeps the other side open",
				"client   ──m1──· · · · · · · · ·",
			},
			Curl: ended, Application: "Heartbeats, and a client that reconnects when two are missing; count that as a failure of the technique.",
		},
		{
			Cause: "h2-reset", Symptom: "ERR_HTTP2_PROTOCOL_ERROR after some seconds; short requests on the same connection are fine.",
			Picture: []string{
				"stream 1   ──m1──m2──m3──RST_STREAM",
				"stream 3   ──answer──▶ fine",
			},
			Curl: `curl -sN --http2 -v "$URL" 2>&1 | grep -i -e 'reset' -e 'HTTP/2 stream'`, Application: "Recycle before the reset, use HTTP/1.1 for streams, or poll. " + resume,
		},
		{
			Cause: "reload", Symptom: "All streams drop together, some seconds or minutes after somebody changed something else.",
			Picture: []string{
				"proxy    ─────── reload ──┬─ old workers live on for the grace period ─┐ cut",
				"client   ──m1──m2──m3─────┴──m4──m5────────────────────────────────────✗",
			},
			Curl: ended, Application: resume + " Spread reconnects: all clients come back at once.",
		},
	}
}
