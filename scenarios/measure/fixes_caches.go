package measure

func varnishFixes() []Fix {
	return []Fix{
		{Program: "varnish", Causes: noUpgrade, Where: "in the VCL",
			Tail: []string{
				"sub vcl_recv {", `	if (req.http.Upgrade ~ "(?i)websocket") {`, "		return (pipe);", "	}", "}",
				"sub vcl_pipe {", "	if (req.http.Upgrade) {", "		set bereq.http.Upgrade = req.http.Upgrade;", "		set bereq.http.Connection = req.http.Connection;", "	}", "}",
			}},
		{Program: "varnish", Causes: oneForMany, Where: "in the VCL, for the URLs that stream", Tail: []string{"sub vcl_recv {", "	return (pass);", "}"}},
		{Program: "varnish", Causes: timedOut, Where: "in the backend", After: `^\s*backend\b`,
			Lines: []string{".first_byte_timeout = 1h;", ".between_bytes_timeout = 1h;"}, Instead: `\.(first_byte|between_bytes)_timeout\b`},
		{Program: "varnish", Causes: []string{"client-abort-not-propagated"}, Where: "in the VCL, for the URLs that stream",
			Tail: []string{"sub vcl_recv {", "	return (pipe);", "}", "sub vcl_pipe {", `	set bereq.http.Connection = "close";`, "}"}},
	}
}

func squidFixes() []Fix {
	return []Fix{
		// To a forward proxy clients say CONNECT.
		{Program: "squid", Causes: []string{"upgrade-refused"}, Where: "in squid.conf", After: `^acl\s+SSL_ports\s+port\s+443\b`, Lines: []string{"acl SSL_ports port {{.OriginPort}}"},
			Say: "acl SSL_ports port 80 (the application's port), so that CONNECT may lead to it; or wss: on 443 in the application"},
		{Program: "squid", Causes: noUpgrade, Where: "in squid.conf", Tail: []string{"http_upgrade_request_protocols websocket allow all"}},
		{Program: "squid", Causes: oneForMany, Where: "in squid.conf", Tail: []string{"store_miss deny all"}},
		{Program: "squid", Causes: []string{"client-abort-not-propagated"}, Where: "in squid.conf",
			Tail: []string{"quick_abort_min 0 KB", "quick_abort_max 0 KB"}, Instead: `^quick_abort_(min|max)\b`},
		{Program: "squid", Causes: timedOut, Where: "in squid.conf", Tail: []string{"read_timeout 1 day", "write_timeout 1 day"}, Instead: `^(read|write)_timeout\b`},
		{Program: "squid", Causes: []string{"header-dropped"}, Where: "in squid.conf", After: `^cache_peer\s`, Inline: " login=PASS",
			Say: "login=PASS on the cache_peer, so that Authorization passes"},
	}
}

// smallFixes are those of programs with few lines each.
func smallFixes() []Fix {
	return []Fix{
		{Program: "h2o", Causes: noUpgrade, Where: "in the path", After: `\bproxy\.reverse\.url:`, Lines: []string{"proxy.websocket: ON", "proxy.websocket.timeout: 3600000"}},
		{Program: "h2o", Causes: timedOut, Where: "in the path", After: `\bproxy\.reverse\.url:`, Lines: []string{"proxy.timeout.io: 3600000"}, Instead: `\bproxy\.timeout\.io:`},

		// The 502 is for what is held and never complete.
		{Program: "mitmproxy", Causes: append([]string{"request-buffered", "error-page"}, heldOrKinds...), Where: "in config.yaml", After: `^listen_port:`,
			Lines: []string{`stream_large_bodies: "1"`}, Instead: `^stream_large_bodies:`},

		{Program: "nghttpx", Causes: timedOut, Where: "in nghttpx.conf", After: `^backend=`, Inline: ";;read-timeout=1h;write-timeout=1h",
			Lines: []string{"frontend-read-timeout=1h", "frontend-write-timeout=1h", "stream-read-timeout=1h", "stream-write-timeout=1h", "backend-read-timeout=1h", "backend-write-timeout=1h"},
			Say:   "read-timeout=1h;write-timeout=1h on the backend, and the frontend-, stream- and backend-…-timeout=1h of both directions"},

		{Program: "privoxy", Causes: heldOrKinds, Where: "in user.action, above the URLs that stream", After: `^actionsfile\s+user\.action`,
			Lines: []string{"actionsfile {{.Dir}}/streaming.action"}, Tail: []string{"-- streaming.action --", "{ -filter -deanimate-gifs }", "/"},
			Say: "{ -filter -deanimate-gifs }"},
		{Program: "privoxy", Causes: []string{"half-open"}, Where: "in the config file", Without: "keep-alive-timeout, which is how late clients are told of an end", Instead: `^keep-alive-timeout\b`},
		{Program: "privoxy", Causes: timedOut, Where: "in the config file", After: `^listen-address\b`, Lines: []string{"socket-timeout 3600"}, Instead: `^socket-timeout\b`},

		{Program: "tinyproxy", Causes: timedOut, Where: "in tinyproxy.conf", After: `^Listen\b`, Lines: []string{"Timeout 86400"}, Instead: `^Timeout\b`},
		{Program: "tinyproxy", Causes: []string{"connection-limit"}, Where: "in tinyproxy.conf", After: `^Listen\b`, Lines: []string{"MaxClients 2000"}, Instead: `^MaxClients\b`},

		{Program: "trafficserver", Causes: timedOut, Where: "in records.config", After: `^CONFIG proxy\.config\.http\.server_ports\b`,
			Lines: []string{"CONFIG proxy.config.http.transaction_no_activity_timeout_in INT 3600", "CONFIG proxy.config.http.transaction_no_activity_timeout_out INT 3600"}, Instead: `transaction_no_activity_timeout_(in|out)\b`},
		{Program: "trafficserver", Causes: []string{"max-duration"}, Where: "in records.config", After: `^CONFIG proxy\.config\.http\.server_ports\b`,
			Lines: []string{"CONFIG proxy.config.http.transaction_active_timeout_in INT 0"}, Instead: `transaction_active_timeout_in\b`},
		{Program: "trafficserver", Causes: []string{"client-abort-not-propagated"}, Where: "in records.config", After: `^CONFIG proxy\.config\.http\.server_ports\b`,
			Lines: []string{"CONFIG proxy.config.http.allow_half_open INT 0"}, Instead: `proxy\.config\.http\.allow_half_open\b`},
		{Program: "trafficserver", Causes: oneForMany, Where: "in records.config", After: `^CONFIG proxy\.config\.http\.server_ports\b`,
			Lines: []string{"CONFIG proxy.config.http.cache.http INT 0"}, Instead: `proxy\.config\.http\.cache\.http\b`},

		{Program: "caddy", Causes: append([]string{"hold-timer"}, heldOrKinds...), Where: "in the reverse_proxy", After: `^\s*reverse_proxy\b.*[^{\s]\s*$`, Inline: " {", Lines: []string{"flush_interval -1", "}"},
			Say: "flush_interval -1"},
		{Program: "caddy", Causes: compressed, Where: "in the site", Without: "encode, or match the types that it compresses", Instead: `^\s*encode\b`},
		{Program: "traefik", Causes: compressed, Where: "in the router", Without: "the compress middleware, or add excludedContentTypes", Instead: `^\s*(- )?compress\b`},
	}
}

func lighttpdFixes() []Fix {
	end := "in lighttpd.conf"
	return []Fix{
		{Program: "lighttpd", Causes: heldBack, Where: end, Tail: []string{"server.stream-response-body = 2"}, Instead: `^server\.stream-response-body\b`},
		{Program: "lighttpd", Causes: noUpgrade, Where: end, Tail: []string{`proxy.header = ( "upgrade" => "enable" )`}},
		{Program: "lighttpd", Causes: []string{"request-buffered"}, Where: end, Tail: []string{"server.stream-request-body = 2"}, Instead: `^server\.stream-request-body\b`},
		{Program: "lighttpd", Causes: timedOut, Where: end, Tail: []string{"server.max-read-idle = 3600", "server.max-write-idle = 3600"}, Instead: `^server\.max-(read|write)-idle\b`},
		// Measured with 1.4.69: of GETs that leave at the same moment some are still
		// not told.
		{Program: "lighttpd", Causes: []string{"client-abort-not-propagated"}, Where: "in proxy.server, behind the port", After: `"port"\s*=>\s*(\{\{[^}]*\}\}|\d+)`, Here: true,
			Inline: `, "tcp-fin-propagate" => "enable"`, Say: `"tcp-fin-propagate" => "enable"`},
		// A client is told of an answer that is too short when its connection is
		// closed, which the next request is waited for on.
		{Program: "lighttpd", Causes: []string{"half-open"}, Where: end, Tail: []string{"server.max-keep-alive-requests = 0"}, Instead: `^server\.max-keep-alive-requests\b`},
		{Program: "lighttpd", Causes: []string{"reload"}, Where: end, Tail: []string{`server.feature-flags += ("server.graceful-restart-bg" => "enable", "server.graceful-shutdown-timeout" => 3600)`}, Instead: `graceful-(shutdown-timeout|restart-bg)`},
	}
}
