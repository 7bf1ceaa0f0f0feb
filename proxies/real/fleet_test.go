package real

import (
	"encoding/json"
	"strings"
	"testing"
)

// What the programs print, as they print it, and the line that a user wants.
func TestComplaints(t *testing.T) {
	for _, c := range []struct {
		driver     driver
		said, want string
	}{
		{caddyDriver{}, "Error: adapting config using caddyfile: my.conf:9: unrecognized directive: revrse_proxy\n", "adapting config using caddyfile: my.conf:9: unrecognized directive: revrse_proxy"},
		{caddyDriver{}, "{\"level\":\"info\",\"msg\":\"serving\"}\nError: loading initial config: loading new config: http app module: start: listening\n", "http app module: start: listening"},
		{h2oDriver{}, "start_server (pid:3) starting now...\n[/x/my.conf:11] unknown command: proxy.revrse.url\n", "[/x/my.conf:11] unknown command: proxy.revrse.url"},
		{h2oDriver{}, "failed to parse configuration file my.conf line 9: did not find expected ',' or ']'\n", "failed to parse configuration file my.conf line 9: did not find expected ',' or ']'"},
		{mitmproxyDriver{}, "/usr/bin/mitmdump: Error reading my.conf: Config error at line 2:\n    \n    ^ (line: 2)\n", "Error reading my.conf: Config error at line 2:"},
		{nghttpxDriver{}, "2026-11-21T03:10:15.232Z 3965 3965 0f1985cf NOTICE (shrpx.cc:3519) Loading configuration from n\n2026-11-21T03:10:15.232Z 3965 3965 0f1985cf ERROR (shrpx_config.cc:4186) Unknown option: frontnd\n", "Unknown option: frontnd"},
		{privoxyDriver{}, "2026-11-21 03:10:09.973 7f8b26ab9080 Info: Privoxy version 3.0.34\n2026-11-21 03:10:09.968 7f7c5305e080 Fatal error: can't load actions file 'x': No such file or directory.\n", "can't load actions file 'x': No such file or directory."},
		{squidDriver{}, "2026/11/21 03:10:09| /x/bad.conf(14): unrecognized: 'http_prt'\n", "/x/bad.conf(14): unrecognized: 'http_prt'"},
		{squidDriver{}, "2026/11/21 03:10:09| Current Directory is /x\n2026/11/21 03:10:09| FATAL: Bungled /x/bad.conf line 3: acl x\n", "Bungled /x/bad.conf line 3: acl x"},
		{squidDriver{}, "2026/11/21 03:10:09| HTCP Disabled.\n2026/11/21 03:10:09| FATAL: Unable to open HTTP Socket\n", "Unable to open HTTP Socket"},
		{tinyproxyDriver{}, "ERROR: Syntax error on line 2\nUnable to parse config file. Not starting.\n", "Syntax error on line 2"},
		{trafficserverDriver{}, "[Nov 21 03:10:22.164] traffic_server NOTE: remap.config loading ...\n[Nov 21 03:10:22.164] traffic_server ERROR: [ReverseProxy] failed to add remap rule at r line 1: unknown\nFatal: remap.config failed to load\n", "[ReverseProxy] failed to add remap rule at r line 1: unknown"},
	} {
		if got := c.driver.complaint(c.said); got != c.want {
			t.Errorf("%T: complaint(%q) = %q, want %q", c.driver, c.said, got, c.want)
		}
		if got := c.driver.complaint("all is well\n"); got != "" {
			t.Errorf("%T complains of nothing: %q", c.driver, got)
		}
	}
}

func TestModes(t *testing.T) {
	for _, c := range []struct {
		driver modal
		text   string
		want   string
	}{
		{squidDriver{}, "http_port 3128\n", "[forward]"},
		{squidDriver{}, "# http_port 80 accel\nhttp_port 3128\n", "[forward]"},
		{squidDriver{}, "http_port 80 accel defaultsite=x\n", "[reverse]"},
		{squidDriver{}, "  https_port 443 vhost cert=x\n", "[reverse]"},
		{trafficserverDriver{}, "CONFIG proxy.config.reverse_proxy.enabled INT 1\n", "[reverse]"},
		{trafficserverDriver{}, "CONFIG proxy.config.reverse_proxy.enabled INT 0\n", "[forward]"},
		{mitmproxyDriver{}, "mode: reverse:http://x\n", "[reverse]"},
		{mitmproxyDriver{}, "mode: \"reverse:http://x\"\n", "[reverse]"},
		{mitmproxyDriver{}, "listen_port: 1\n", "[forward]"},
		{mitmproxyDriver{}, "mode: {{if .Forward}}regular{{else}}reverse:x{{end}}\n", "[reverse forward]"},
	} {
		var got []string
		for _, m := range c.driver.modes(c.text) {
			got = append(got, string(m))
		}
		if s := "[" + strings.Join(got, " ") + "]"; s != c.want {
			t.Errorf("%T: modes of %q are %s, want %s", c.driver, c.text, s, c.want)
		}
	}
}

func TestSections(t *testing.T) {
	got := sections("# a\none\n-- b.conf --\ntwo\n-- c.conf --\n\nthree\n-- b.conf --\nfour", "a.conf")
	want := map[string]string{
		"a.conf": "# a\none\n",
		"b.conf": "\n\n\ntwo\n\n\n\n\nfour",
		"c.conf": "\n\n\n\n\n\nthree\n",
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is %q, want %q", name, got[name], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("files %q", got)
	}
	for _, mark := range []string{"-- ../x --", "-- .x --", "--x--", "-- a/b --", " -- x --"} {
		if got := sections(mark+"\n", "main"); len(got) != 1 {
			t.Errorf("%q begins a file: %q", mark, got)
		}
	}
}

func FuzzSections(f *testing.F) {
	for _, p := range Programs() {
		for _, c := range p.Configs {
			f.Add(c.Text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.SplitAfter(text, "\n")
		for name, file := range sections(text, "main") {
			for i, line := range strings.SplitAfter(file, "\n") {
				if strings.TrimSuffix(line, "\n") != "" && (i >= len(lines) || line != lines[i]) {
					t.Fatalf("line %d of %s is %q, not that of the whole", i+1, name, line)
				}
			}
		}
	})
}

func TestBlank(t *testing.T) {
	drop := func(word string) bool { return word == "log" }
	for in, want := range map[string]string{
		"log x\nlogs y\n  log z\n":       "\nlogs y\n\n",
		"a: log\nlog: b\nlog=c\n# log d": "a: log\n\n\n# log d",
		"log":                            "",
		"":                               "",
	} {
		if got := blank(in, drop); got != want {
			t.Errorf("blank(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCaddyOwn(t *testing.T) {
	const in = `{"admin":{"listen":"localhost:2019"},"logging":{"logs":{}},"apps":{"http":{"servers":{"srv0":{"listen":[":1"],"logs":{}}}}}}`
	for admin, want := range map[string]string{
		"/d/admin.sock": `{"admin":{"listen":"unix//d/admin.sock","origins":["cometbench.invalid"]},"apps":{"http":{"servers":{"srv0":{"listen":[":1"],"metrics":{}}}}}}`,
		"":              `{"admin":{"disabled":true},"apps":{"http":{"servers":{"srv0":{"listen":[":1"],"metrics":{}}}}}}`,
	} {
		got, err := caddyOwn([]byte(in), admin)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal([]byte(got), &value); err != nil {
			t.Fatal(err)
		}
		if compact, _ := json.Marshal(value); string(compact) != want {
			t.Errorf("got %s\nwant %s", compact, want)
		}
	}
	if _, err := caddyOwn([]byte("no"), ""); err == nil {
		t.Error("something else was taken for a configuration")
	}
}
