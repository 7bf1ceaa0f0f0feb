package measure

import "slices"

// The causes that one and the same directive mends.
var (
	heldBack    = []string{"buffered", "buffer-until-close", "buffer-until-bytes", "prelude-dependent", "scan"}
	compressed  = []string{"compression", "accept-encoding-dependent"}
	noUpgrade   = []string{"upgrade-refused", "upgrade-stripped"}
	timedOut    = []string{"idle-timeout", "first-byte-timeout"}
	oneForMany  = []string{"cached", "shared-stream"}
	heldByKind  = []string{"content-type-dependent", "method-dependent"}
	heldOrKinds = slices.Concat(heldBack, heldByKind)
)

// Fixes returns the table, program by program. The directives are those of each
// program's own documentation; which of them were applied to a copy of the
// stock configuration and measured again is in docs/advice.md.
func Fixes() []Fix {
	return slices.Concat(nginxFixes(), haproxyFixes(), apacheFixes(), lighttpdFixes(), varnishFixes(), squidFixes(), smallFixes())
}

func nginxFixes() []Fix {
	return []Fix{
		{Program: "nginx", Causes: heldBack, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_buffering off;"}, Instead: `\bproxy_buffering\s+on\b`},
		{Program: "nginx", Causes: compressed, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"gzip off;", "proxy_buffering off;"}, Instead: `\bproxy_buffering\s`},
		{Program: "nginx", Causes: noUpgrade, Where: "in the location", After: `\bproxy_pass\b`,
			Lines:   []string{"proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`},
			Instead: `\bproxy_http_version\b`},
		// HTTP/1.0 cannot say that an answer is too short.
		{Program: "nginx", Causes: []string{"truncated"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_http_version 1.1;"}, Instead: `\bproxy_http_version\b`},
		{Program: "nginx", Causes: timedOut, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_read_timeout 1h;", "proxy_send_timeout 1h;"}, Instead: `\bproxy_(read|send)_timeout\b`},
		{Program: "nginx", Causes: []string{"request-buffered"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_request_buffering off;", "proxy_http_version 1.1;"}, Instead: `\bproxy_(request_buffering|http_version)\b`},
		{Program: "nginx", Causes: []string{"request-repeated"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_next_upstream off;"}, Instead: `\bproxy_next_upstream\b`},
		{Program: "nginx", Causes: oneForMany, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_cache off;"}, Instead: `\bproxy_cache\s`},
		{Program: "nginx", Causes: []string{"connection-limit"}, Where: "in events", After: `^\s*events\s*\{`,
			Lines: []string{"worker_connections 16384;"}, Instead: `\bworker_connections\b`},
		{Program: "nginx", Causes: []string{"reload"}, Where: "at the top", After: `^\s*(worker_processes|pid|error_log)\b`,
			Lines: []string{"worker_shutdown_timeout 4h;"}, Instead: `\bworker_shutdown_timeout\b`},
		{Program: "nginx/modsecurity", Causes: heldOrKinds, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"modsecurity_rules 'SecResponseBodyAccess Off';"}},
	}
}

func haproxyFixes() []Fix {
	return []Fix{
		{Program: "haproxy", Causes: []string{"hold-timer"}, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"option http-no-delay"}},
		{Program: "haproxy", Causes: []string{"client-abort-not-propagated"}, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"option abortonclose"}},
		{Program: "haproxy", Causes: timedOut, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"timeout client 1h", "timeout server 1h", "timeout tunnel 1h"}, Instead: `^\s*timeout\s+(client|server|tunnel)\s`},
		{Program: "haproxy", Causes: []string{"request-repeated"}, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"retries 0", "no option redispatch"}, Instead: `^\s*(retries|option\s+redispatch)\b`},
		{Program: "haproxy", Causes: []string{"connection-limit"}, Where: "in global",
			Tail: []string{"global", "    maxconn 20000"}, Instead: `^\s*maxconn\b`, Say: "maxconn 20000"},
		{Program: "haproxy", Causes: compressed, Where: "in defaults or the frontend", After: `^\s*mode\s+http\b`,
			Without: "the lines compression and filter compression", Instead: `^\s*(filter\s+)?compression\b`},
		{Program: "haproxy", Causes: []string{"session-affinity"}, Where: "in the backend", After: `^\s*backend\b`, Within: true,
			Lines: []string{"cookie SERVERID insert indirect nocache"}},
	}
}
