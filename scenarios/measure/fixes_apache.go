package measure

func apacheFixes() []Fix {
	vhost := `<VirtualHost\b`
	inside := "in the VirtualHost"
	limits := Fix{Where: inside, After: vhost, Lines: []string{"Timeout 3600", "ProxyTimeout 3600"}, Instead: `^\s*(Timeout|ProxyTimeout)\s`}
	gzip := Fix{Where: inside, After: vhost, Lines: []string{"SetEnv no-gzip 1"}}
	workers := Fix{Where: "for the whole server", After: `^\s*Listen\s`,
		Lines:   []string{"ServerLimit 16", "ThreadsPerChild 64", "MaxRequestWorkers 1024"},
		Instead: `^\s*(ServerLimit|ThreadsPerChild|MaxRequestWorkers)\s`}
	crowded := []string{"connection-limit", "thread-starvation"}
	return []Fix{
		{Program: "apache2", Causes: heldBack, Where: inside, After: `^\s*ProxyPass\s`, Inline: " flushpackets=on", Lines: []string{"SetEnv no-gzip 1"},
			Say: "flushpackets=on behind the ProxyPass, and SetEnv no-gzip 1"},
		gzip.of("apache2", compressed...),
		{Program: "apache2", Causes: noUpgrade, Where: inside, After: `^\s*ProxyPass\s`, Inline: " upgrade=websocket",
			Say: "upgrade=websocket behind the ProxyPass (2.4.47 and later; before that mod_proxy_wstunnel and a ProxyPass to ws://)"},
		limits.of("apache2", timedOut...),
		workers.of("apache2", crowded...),

		{Program: "apache2/jk", Causes: heldBack, Where: inside, After: `^\s*JkMount\s`, Lines: []string{"JkOptions +FlushPackets +FlushHeader", "SetEnv no-gzip 1"}},
		{Program: "apache2/jk", Causes: []string{"headers-held"}, Where: inside, After: `^\s*JkMount\s`, Lines: []string{"JkOptions +FlushHeader"}},
		gzip.of("apache2/jk", compressed...),
		// As it comes mod_jk asks a second time when the container fails in the
		// middle of an answer, and appends what it gets.
		// And Apache's error page goes into the answer, unless it is a blank.
		{Program: "apache2/jk", Causes: []string{"corrupted", "request-repeated"}, Where: "with the worker's properties, and for the host", After: `^\s*JkWorkerProperty\s+worker\.\w+\.port=`,
			Lines: []string{"JkWorkerProperty worker.origin.recovery_options=3"}, Tail: []string{`ErrorDocument 502 " "`}, Instead: `^\s*ErrorDocument\s+502\b`},
		// A client is told of an answer that is too short when its connection is
		// closed, which the next request is waited for on.
		{Program: "apache2/jk", Causes: []string{"half-open"}, Where: inside, After: vhost, Lines: []string{"KeepAlive Off"}, Instead: `^\s*KeepAlive\s`},
		// AJP has no upgrade; the container speaks HTTP, too.
		{Program: "apache2/jk", Causes: noUpgrade, Where: inside, After: vhost,
			Lines: []string{"RewriteEngine On", "RewriteCond %{HTTP:Upgrade} =websocket [NC]", "RewriteRule ^/(.*) ws://{{.Origin}}/$1 [P]"},
			Tail:  []string{"LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so", "LoadModule proxy_wstunnel_module /usr/lib/apache2/modules/mod_proxy_wstunnel.so", "LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so"},
			Say:   "RewriteEngine On, RewriteCond %{HTTP:Upgrade} =websocket [NC], RewriteRule ^/(.*) ws://CONTAINER:8080/$1 [P]: past AJP, to the container's HTTP connector (a2enmod rewrite proxy_wstunnel)"},
		limits.of("apache2/jk", timedOut...),
		workers.of("apache2/jk", crowded...),

		{Program: "apache2/modsecurity", Causes: heldOrKinds, Where: "in the ModSecurity configuration", After: `^\s*SecRuleEngine\b`,
			Lines: []string{"SecResponseBodyAccess Off"}, Instead: `^\s*SecResponseBodyAccess\s`},
		{Program: "apache2/modsecurity", Causes: []string{"request-buffered"}, Where: "in the ModSecurity configuration", After: `^\s*SecRuleEngine\b`,
			Lines: []string{"SecRequestBodyAccess Off"}, Instead: `^\s*SecRequestBodyAccess\s`},
	}
}

// of is the same fix for a program and causes.
func (f Fix) of(program string, causes ...string) Fix {
	f.Program, f.Causes = program, causes
	return f
}
