package measure

func explainClient() []Explanation {
	return []Explanation{
		{
			Cause: "browser-throttle", Symptom: "Messages reach the page a little late, and not on the wire: progress events come at most every 50 ms.",
			Picture: []string{
				"wire   ─m1─m2─m3─m4─",
				"page   ·  ·  m1 m2 ·  m3 m4",
			},
			Curl: stamped, Application: "Read by fetch, EventSource or WebSocket instead of XMLHttpRequest.",
		},
		{
			Cause: "browser-sniff", Symptom: "The page sees nothing before 512 or 1,024 bytes have come; curl sees them at once.",
			Picture: []string{
				"wire   ─m1─m2─m3─ … 1,024 bytes",
				"page   ·  ·  ·  ·  ·  m1 m2 m3 …",
			},
			Curl: `curl -s -D- -o /dev/null --max-time 2 "$URL" | grep -i -e content-type -e nosniff`, Application: "Send a type with a charset and X-Content-Type-Options: nosniff, or a prelude of 1,024 bytes.",
		},
		{
			Cause: "browser-connection-limit", Symptom: "The seventh tab never loads, without an error.",
			Picture: []string{
				"tab 1…6   each holds a stream over HTTP/1.1",
				"tab 7     waits for one of the six connections",
			},
			Curl: `curl -s -o /dev/null -w '%{http_version}\n' "$URL"   # 1.1 has the limit, 2 has not`, Application: "Share one stream between tabs, use several host names, or HTTP/2.",
		},
		{
			Cause: "unknown", Symptom: "Something is wrong that fits none of the known patterns.",
			Picture: []string{"the timeline of the cell is the picture: timelines/CELL.jsonl, and the report"},
			Curl:    stamped, Application: "Look at the numbers of the check and the timeline; a delay that is the same for every message is distance, not buffering.",
		},
	}
}
