package scenarios

import (
	"net/url"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// shownProxy stands for a program that cannot count.
type shownProxy struct{ proxies.Proxy }

func (shownProxy) Name() string                       { return "real:inspector" }
func (shownProxy) Scope() proxies.Scope               { return proxies.Shared }
func (shownProxy) Capabilities() proxies.Capabilities { return proxies.Capabilities{} }

// A certificate that is shown inside a tunnel proves that the path was there
// where the program cannot count; no answer at all proves nothing, and neither
// does the certificate of somebody else.
func TestProvenByCertificate(t *testing.T) {
	route := proxies.Route{Proxy: &url.URL{Scheme: "http", Host: "127.0.0.1:3128"}}
	dialled := func(address string) script {
		s := newScript("steady").client(0, measure.Event{Kind: measure.Dial, Note: address})
		s.Attached, s.Forward, s.Stats = false, true, proxies.Stats{Hits: -1}
		return s
	}
	certificate := measure.Event{Kind: measure.Failed, Cert: "bbbb", Note: "x509: unknown authority"}
	for _, tt := range []struct {
		name string
		seen script
		ok   bool
	}{
		{"a certificate", dialled("127.0.0.1:3128").client(1, certificate), true},
		{"no certificate", dialled("127.0.0.1:3128").client(1, measure.Event{Kind: measure.Failed, Note: "EOF"}), false},
		{"a certificate elsewhere", dialled("127.0.0.1:1").client(1, certificate), false},
	} {
		s := &sharedPaths{reached: map[string]bool{}}
		if err := s.proven(Path{Proxy: shownProxy{}}, route, tt.seen.Evidence); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	reverse := dialled("127.0.0.1:3128").client(1, certificate)
	reverse.Forward = false
	if (&sharedPaths{reached: map[string]bool{}}).proven(Path{Proxy: shownProxy{}}, route, reverse.Evidence) == nil {
		t.Error("behind a reverse proxy a certificate proves nothing")
	}
}
