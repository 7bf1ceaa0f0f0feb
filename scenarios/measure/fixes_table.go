package measure

// Fixes returns the table, program by program. What was applied to a copy of
// the stock configuration and measured again is listed in the fidelity report;
// the directives are those of each program's own documentation.
func Fixes() []Fix {
	buffers := []string{"buffered", "buffer-until-close", "buffer-until-bytes", "prelude-dependent"}
	upgrades := []string{"upgrade-refused", "upgrade-stripped"}
	return []Fix{
		{Program: "nginx", Causes: buffers, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_buffering off;"}, Instead: `\bproxy_buffering\s+on\b`},
		{Program: "nginx", Causes: []string{"compression", "accept-encoding-dependent"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"gzip off;", "proxy_buffering off;"}, Instead: `\bproxy_buffering\s`},
		{Program: "nginx", Causes: upgrades, Where: "in the location", After: `\bproxy_pass\b`,
			Lines:   []string{"proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`},
			Instead: `\bproxy_http_version\b`},
		{Program: "nginx", Causes: []string{"idle-timeout", "first-byte-timeout"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_read_timeout 1h;", "proxy_send_timeout 1h;"}, Instead: `\bproxy_(read|send)_timeout\b`},
		{Program: "nginx", Causes: []string{"request-buffered"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_request_buffering off;", "proxy_http_version 1.1;"}, Instead: `\bproxy_(request_buffering|http_version)\b`},
		{Program: "nginx", Causes: []string{"request-repeated"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_next_upstream off;"}, Instead: `\bproxy_next_upstream\b`},
		{Program: "nginx", Causes: []string{"cached", "shared-stream"}, Where: "in the location", After: `\bproxy_pass\b`,
			Lines: []string{"proxy_cache off;"}, Instead: `\bproxy_cache\s`},
		{Program: "nginx", Causes: []string{"connection-limit"}, Where: "in events", After: `^\s*events\s*\{`,
			Lines: []string{"worker_connections 16384;"}, Instead: `\bworker_connections\b`},
		{Program: "nginx", Causes: []string{"reload"}, Where: "at the top", After: `^\s*(worker_processes|pid|error_log)\b`,
			Lines: []string{"worker_shutdown_timeout 4h;"}, Instead: `\bworker_shutdown_timeout\b`},

		{Program: "haproxy", Causes: []string{"hold-timer"}, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"option http-no-delay"}},
		{Program: "haproxy", Causes: []string{"client-abort-not-propagated"}, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"option abortonclose"}},
		{Program: "haproxy", Causes: []string{"idle-timeout", "first-byte-timeout"}, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"timeout client 1h", "timeout server 1h", "timeout tunnel 1h"}, Instead: `^\s*timeout\s+(client|server|tunnel)\s`},
		{Program: "haproxy", Causes: []string{"request-repeated"}, Where: "in defaults or the backend", After: `^\s*mode\s+http\b`,
			Lines: []string{"retries 0", "no option redispatch"}, Instead: `^\s*(retries|option\s+redispatch)\b`},
		{Program: "haproxy", Causes: []string{"connection-limit"}, Where: "in global", After: `^\s*global\b`,
			Lines: []string{"maxconn 20000"}, Instead: `^\s*maxconn\b`},
		{Program: "haproxy", Causes: []string{"compression", "accept-encoding-dependent"}, Where: "in defaults or the frontend", After: `^\s*mode\s+http\b`,
			Without: "the lines compression and filter compression", Instead: `^\s*(filter\s+)?compression\b`},
		{Program: "haproxy", Causes: []string{"session-affinity"}, Where: "in the backend", After: `^\s*backend\b`,
			Lines: []string{"cookie SERVERID insert indirect nocache"}},
	}
}
