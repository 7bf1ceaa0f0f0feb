package real

import (
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
)

func TestLighttpdPrivate(t *testing.T) {
	for in, want := range map[string]string{
		// Debian's file, some of its lines
		"server.document-root        = \"/var/www/html\"\nserver.upload-dirs          = ( \"/var/cache/lighttpd/uploads\" )\nserver.pid-file             = \"/run/lighttpd.pid\"\nserver.port = 80\n": "server.document-root        = \"/var/www/html\"\n\n\nserver.port = 80\n",
		// over several lines, with what would end it inside
		"server.upload-dirs = (\n\t\"/a)\",  # )\n\t\"/b\\\")\"\n)\nserver.port = 80\n": "\n\n\n\nserver.port = 80\n",
		// within a block, and at its end
		"$HTTP[\"host\"] == \"a\" { accesslog.filename = \"/x\" }":   "$HTTP[\"host\"] == \"a\" { }",
		"$HTTP[\"host\"] == \"a\" {\n  server.errorlog += \"/x\"\n}": "$HTTP[\"host\"] == \"a\" {\n  \n}",
		// what looks like one and is none
		"# server.username = \"x\"\nvar.a = \"server.username = x\"\nserver.username-x = 1\n": "# server.username = \"x\"\nvar.a = \"server.username = x\"\nserver.username-x = 1\n",
		// broken files stay broken
		"server.username = (\n": "\n",
		"a = \"":                "a = \"",
		"a = \"\\":              "a = \"\\",
		"":                      "",
	} {
		if got := lighttpdPrivate(in); got != want {
			t.Errorf("lighttpdPrivate(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func FuzzLighttpdPrivate(f *testing.F) {
	for _, c := range lighttpd().Configs {
		f.Add(c.Text)
	}
	f.Add("server.upload-dirs = (\n\t\"/a)\",  # )\n\t\"/b\\\")\"\n)}")
	f.Fuzz(func(t *testing.T, conf string) {
		got := lighttpdPrivate(conf)
		if len(got) > len(conf) {
			t.Errorf("%q grew to %q", conf, got)
		}
		if strings.Count(got, "\n") != strings.Count(conf, "\n") {
			t.Errorf("line numbers of %q moved in %q", conf, got)
		}
	})
}

func TestLighttpdComplaint(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"2026-11-21 03:11:31: (configfile.c.1289) WARNING: unknown config-key: proxy.servr (ignored)\n2026-11-21 03:11:31: (server.c.1704) server started (lighttpd/1.4.69)\n":                     "",
		"2026-11-21 03:11:32: (configfile.c.2109) source: a.conf line: 3 pos: 0 invalid character in variable name\n2026-11-21 03:11:32: (configfile.c.2161) configfile parser failed at: (EOL)\n": "a.conf line: 3 pos: 0 invalid character in variable name",
		"2026-11-21 03:11:31: (configfile.c.2593) server.document-root is not set\n2026-11-21 03:11:31: (server.c.1442) setting default values failed\n":                                           "server.document-root is not set",
	} {
		if got := (lighttpdDriver{}).complaint(in); got != want {
			t.Errorf("complaint(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLighttpdCounters(t *testing.T) {
	var got proxies.Stats
	err := lighttpdTable([]byte("proxy.requests: 7\ngw.backend..load: 1\ngw.active-requests: 1\ngw.backend..0.connected: 3\ngw.backend.b.1.connected: 2\n"), &got)
	if err == nil {
		err = lighttpdOpen([]byte("{\n\t\"RequestsTotal\": 0,\n\t\"BusyServers\": 3\n}"), &got)
	}
	if want := (proxies.Stats{Hits: 7, Upstream: 5, OpenClients: 2}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if err := lighttpdTable([]byte("<html>"), &got); err == nil {
		t.Error("another page was taken for the statistics")
	}
	for _, other := range []string{"<html>", "{}"} {
		if err := lighttpdOpen([]byte(other), &got); err == nil {
			t.Errorf("%s was taken for the status", other)
		}
	}
}
