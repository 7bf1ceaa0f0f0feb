package real

import (
	"slices"
	"testing"

	"github.com/cometbench/cometbench/proxies"
)

func TestVarnishOptions(t *testing.T) {
	own, err := varnishDriver{}.lay(t.TempDir(), "vcl 4.1;\n")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"vcl 4.1;\n# varnishd -p a=1 -p b=two\n\t//  varnishd  -p c=3\n":                  {"-p", "a=1", "-p", "b=two", "-p", "c=3"},
		"# see varnishd -p d=4 for more\nsub x { } # varnishd -p e=5\n# varnishd is it\n": {},
		"# varnishd -p a=1 -j unix\n":                                                     {"-p", "a=1"}, // where it runs is ours to say
		"# varnishd -p\n":                                                                 {},
	} {
		cfg, err := varnishDriver{}.lay(t.TempDir(), text)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Args[len(own.Args):]; !slices.Equal(got, want) {
			t.Errorf("%q: options %q, want %q", text, got, want)
		}
	}
}

func TestVarnishComplaint(t *testing.T) {
	const end = "\nRunning VCC-compiler failed, exited with 2\nVCL compilation failed\n"
	for in, want := range map[string]string{
		"": "",
		"Debug: Version: varnish-7.1.1\nDebug: Child (1) Started\n": "",
		"Error:\nMessage from VCC-compiler:\nSymbol not found: 'foo'\nAt: ('a.vcl' Line 3 Pos 16) -- (Pos 18)\nsub vcl_recv { foo; }\n---------------###---\n\nSymbol not found.\n('a.vcl' Line 3 Pos 19)\n" + end: "Symbol not found: 'foo' ('a.vcl' Line 3 Pos 16)",
		"Error:\nMessage from VCC-compiler:\nVCL version declaration missing\nUpdate your VCL to Version 4 syntax, and add\n\tvcl 4.1;\non the first line of the VCL files.\n('a.vcl' Line 1 Pos 1)\n" + end:       "VCL version declaration missing ('a.vcl' Line 1 Pos 1)",
		"Error:\nMessage from VCC-compiler:\nUnknown field: 'hst' at\n('a.vcl' Line 2 Pos 20)\n" + end:                                                                                                             "Unknown field: 'hst' ('a.vcl' Line 2 Pos 20)",
		"(-? gives usage)\nError:\nUnknown parameter \"nope\".\n":                             "Unknown parameter \"nope\".",
		"Error: Could not get socket 127.0.0.1:1: Address already in use\n(-? gives usage)\n": "Could not get socket 127.0.0.1:1: Address already in use",
	} {
		if got := (varnishDriver{}).complaint(in); got != want {
			t.Errorf("complaint(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestVarnishTable(t *testing.T) {
	got, err := varnishTable([]byte(`{"version": 1, "counters": {
		"MAIN.client_req": {"description": "Good client requests received", "flag": "c", "format": "i", "value": 10},
		"MAIN.sess_conn": {"value": 4}, "MAIN.backend_conn": {"value": 3}, "MAIN.sess_closed": {"value": 9},
		"MEMPOOL.sess0.live": {"value": 1}, "MEMPOOL.sess1.live": {"value": 1}, "MEMPOOL.req0.live": {"value": 7}}}`))
	if want := (proxies.Stats{Hits: 10, Accepted: 4, Upstream: 3, OpenClients: 2}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, other := range []string{"", "{}"} {
		if _, err := varnishTable([]byte(other)); err == nil {
			t.Errorf("%q was taken", other)
		}
	}
}
