package real

import (
	"testing"

	"github.com/cometbench/cometbench/proxies"
)

func TestHaproxyPrivate(t *testing.T) {
	in := "# global\nglobal\n\tlog /dev/log local0\n\tchroot /var/lib/haproxy\n\tstats socket /run/x mode 660\n\tuser haproxy\n\tdaemon\n\tmaxconn 100\n\ndefaults\n\tlog global\n\tmode http\nlisten a\n\tstats enable\n"
	want := "# global\nglobal\n\n\n\n\n\n\tmaxconn 100\n\ndefaults\n\tlog global\n\tmode http\nlisten a\n\tstats enable\n"
	if got := haproxyPrivate(in); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestHaproxyComplaint(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"[NOTICE]   (9) : haproxy version is 2.6.12\n[ALERT]    (9) : config : parsing [h.cfg:6] : unknown keyword 'x'\n[ALERT]    (9) : config : Fatal errors found in configuration.\n": "parsing [h.cfg:6] : unknown keyword 'x'",
		"[ALERT]    (9) : [haproxy.main()] Some protocols failed to start their listeners! Exiting.\n":                                                                                    "[haproxy.main()] Some protocols failed to start their listeners! Exiting.",
	} {
		if got := (haproxyDriver{}).complaint(in); got != want {
			t.Errorf("complaint(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHaproxyTable(t *testing.T) {
	head := []string{"# pxname", "svname", "scur", "req_tot", "conn_tot", "connect"}
	got, err := haproxyTable(head, [][]string{
		{"web", "FRONTEND", "2", "10", "4", ""},
		{"o", "o", "2", "", "", "3"},
		{"o", "BACKEND", "2", "", "", "3"},
		{"other", "FRONTEND", "1", "5", "1"},
		{""},
	})
	if want := (proxies.Stats{Hits: 15, Accepted: 5, Upstream: 3, OpenClients: 3}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := haproxyTable(head[:4], nil); err == nil {
		t.Error("a table without its columns was taken")
	}
}
