package browsers

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cometbench/cometbench/browsers/pages"
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
	o.Server.StartTLS()
	t.Cleanup(o.Server.Close)
	return o, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: o.Server.Certificate().Raw})
}

func TestHTTPVersionOverTLS(t *testing.T) {
	o, roots := newSecureOrigin(t)
	c := newChromium(t, Options{RootsPEM: roots})
	for _, version := range []string{"1.1", "2"} {
		for _, technique := range []string{"eventsource", "fetch-streaming"} {
			s := subscription(technique, o.url(technique))
			s.Target.HTTP, s.Target.RootsPEM = version, roots
			events := receive(t, c, s, id("e-5"))
			if events[1].Kind != measure.Headers || events[1].HTTP != version {
				t.Errorf("%s over HTTP/%s: %+v", technique, version, events[1])
			}
		}
	}
	receive(t, c, subscription("websocket", o.url("websocket")), id("e-5"))
}

func TestCertificateOfNobody(t *testing.T) {
	o, _ := newSecureOrigin(t)
	c := chromium(t)
	s := subscription("eventsource", o.url("eventsource"))
	s.Resume = false
	events := receive(t, c, s, nil)
	if len(events) != 1 || events[0].Kind != measure.Failed {
		t.Errorf("without trust: %+v", events)
	}
	s.Target.Insecure = true
	receive(t, c, s, id("e-5"))
}
