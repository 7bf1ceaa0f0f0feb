package real

import (
	"strings"
	"testing"
)

func TestNginxPrivate(t *testing.T) {
	const inside = " INSIDE;"
	for in, want := range map[string]string{
		// Debian's file, its first lines
		"user www-data;\nworker_processes auto;\npid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\nevents {\n\tworker_connections 768;\n}\nhttp {\n\taccess_log /var/log/nginx/access.log;\n\tgzip on;\n}\n": "\nworker_processes auto;\n\n\nevents {\n\tworker_connections 768;\n}\nhttp { INSIDE;\n\t\n\tgzip on;\n}\n",
		"http{server{access_log off;proxy_temp_path /x 1 2;listen 1;}}": "http{ INSIDE;server{listen 1;}}",
		// what looks like one and is none
		"# user www-data;\nhttp\n{\n}":                                      "# user www-data;\nhttp\n{ INSIDE;\n}",
		"http { user_agent x; log_format a 'daemon on; {'; }":               "http { INSIDE; user_agent x; log_format a 'daemon on; {'; }",
		`http { set $a "x;\"pid y;"; return 200 don't; access_log ${a}b; }`: `http { INSIDE; set $a "x;\"pid y;"; return 200 don't;  }`,
		"http { map $a $b { default 1; 'user' 2; } }":                       "http { INSIDE; map $a $b { default 1; 'user' 2; } }",
		// comments inside a statement, and a statement over two lines
		"http { access_log # off; {\n  /x\n  y; gzip on; }": "http { INSIDE; \n\n gzip on; }",
		// broken files stay broken in the same way
		"http { server {":      "http { INSIDE; server {",
		"daemon on":            "daemon on",
		"http { set $a \"x; }": "http { INSIDE; set $a \"x; }",
		"":                     "",
	} {
		if got := nginxPrivate(in, inside); got != want {
			t.Errorf("nginxPrivate(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func FuzzNginxPrivate(f *testing.F) {
	for _, p := range Programs() {
		for _, c := range p.Configs {
			f.Add(c.Text)
		}
	}
	f.Add("http { access_log # off; {\n  /x\n  y; \"${a}\\\";' }")
	f.Fuzz(func(t *testing.T, conf string) {
		got := nginxPrivate(conf, "")
		if len(got) > len(conf) {
			t.Errorf("%q grew to %q", conf, got)
		}
		if strings.Count(got, "\n") != strings.Count(conf, "\n") {
			t.Errorf("line numbers of %q moved in %q", conf, got)
		}
		if again := nginxPrivate(got, ""); strings.Count(again, "\n") != strings.Count(got, "\n") {
			t.Errorf("line numbers of %q moved in %q", got, again)
		}
	})
}

func TestNginxComplaint(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"2026/01/01 00:00:00 [warn] 1#1: never mind\n2026/01/01 00:00:00 [emerg] 29334#29334: unknown directive \"foo\" in n.conf:2\n": `unknown directive "foo" in n.conf:2`,
		"nginx: [emerg] unexpected end of file, expecting \"}\" in n.conf:9\n":                                                         `unexpected end of file, expecting "}" in n.conf:9`,
		"2026/01/01 00:00:00 [emerg] 2#2: first\n2026/01/01 00:00:00 [emerg] 2#2: second\n":                                            "first",
	} {
		if got := (nginxDriver{}).complaint(in); got != want {
			t.Errorf("complaint(%q) = %q, want %q", in, got, want)
		}
	}
}
