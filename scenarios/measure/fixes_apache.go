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
		{Program: "apache2/jk", Causes: []string{"corrupted", "request-repeated"}, Where: "with the worker's properties", After: `^\s*JkWorkerProperty\s+worker\.\w+\.port=`,
			Lines: []string{"JkWorkerProperty worker.origin.recovery_options=3"}},
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
