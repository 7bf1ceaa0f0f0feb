package browsers

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// newSecureOrigin is an origin with a certificate of its own, and that
// certificate.
func newSecureOrigin(t *testing.T) (*origin, []byte) {
	t.Helper()
	o := newOrigin(t)
	o.Server.Close()
	mux := http.NewServeMux()
	mux.Handle(pages.Prefix, pages.Handler())
	mux.HandleFunc("/t/{technique}", o.subscribe)
	o.Server = httptest.NewUnstartedServer(mux)
	o.Server.EnableHTTP2 = true
	o.Server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are refused on purpose
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	o.Server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.Certificate}}
	o.Server.StartTLS()
	t.Cleanup(o.Server.Close)
	return o, pair.RootsPEM
}

func TestHTTPVersionOverTLS(t *testing.T) {
	each(t, func(t *testing.T, b *Browser) {
		o, roots := newSecureOrigin(t)
		for _, version := range []string{"1.1", "2"} {
			for _, technique := range some(b, "eventsource", "fetch-streaming") {
				s := subscription(technique, o.url(technique))
				s.Target.HTTP, s.Target.RootsPEM = version, roots
				events := receive(t, b, s, id("e-5"))
				if b.Name() != "webkit" && (events[1].Kind != measure.Headers || events[1].HTTP != version) {
					t.Errorf("%s over HTTP/%s: %+v", technique, version, events[1])
				}
				if over := o.versions(technique); !slices.Equal(over, []string{"HTTP/" + map[string]string{"1.1": "1.1", "2": "2.0"}[version]}) {
					t.Errorf("%s over HTTP/%s: the origin was asked by %v", technique, version, over)
				}
			}
		}
		s := subscription("websocket", o.url("websocket"))
		s.Target.RootsPEM = roots
		receive(t, b, s, id("e-5"))
		if b.Name() == "webkit" {
			return // it trusts all or nobody
		}
		// What one run trusts is not trusted for another's sake.
		other, _ := newSecureOrigin(t)
		s = subscription("eventsource", other.url("eventsource"))
		s.Target.RootsPEM, s.Resume = roots, false
		events := receive(t, b, s, nil)
		if len(events) != 1 || events[0].Kind != measure.Failed {
			t.Errorf("by another authority: %+v", events)
		}
	})
}

func TestCertificateOfNobody(t *testing.T) {
	each(t, func(t *testing.T, b *Browser) {
		o, _ := newSecureOrigin(t)
		s := subscription("eventsource", o.url("eventsource"))
		s.Resume = false
		events := receive(t, b, s, nil)
		if len(events) != 1 || events[0].Kind != measure.Failed {
			t.Errorf("without trust: %+v", events)
		}
		s.Target.Insecure = true
		receive(t, b, s, id("e-5"))
	})
}
