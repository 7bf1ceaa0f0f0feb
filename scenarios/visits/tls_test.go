package visits

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios"
)

// Over TLS the page comes by HTTP/2, a web socket opens a connection of its
// own, and where the server speaks HTTP/3 there is WebTransport.
func TestOverTLS(t *testing.T) {
	t.Parallel()
	pair, err := selfsigned.New()
	must(t, err)
	var srv *reference.Server
	v, err := New(Config{
		Dir: t.TempDir(), HTTP3: true, Pinned: pair.Certificate.Certificate[0], Techniques: []string{"webtransport", "websocket", "eventsource"},
		Origin: scenarios.Inside(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { srv.Inside().ServeHTTP(w, r) })),
	})
	must(t, err)
	srv, err = reference.New(reference.Config{Record: true, Extra: v.Handlers()})
	must(t, err)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		tcp.Close()
		t.Skipf("the UDP port of the same number is taken: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 2)
	go func() { served <- srv.ServeTLS(ctx, tcp, pair.Certificate) }()
	go func() { served <- srv.ServeQUIC(ctx, udp, pair.Certificate) }()
	t.Cleanup(func() {
		v.Close()
		stop()
		<-served
		<-served
	})
	page := tabOf(t, chromedp.Flag("ignore-certificate-errors-spki-list", keyHash(t, pair.Certificate.Certificate[0])))
	got := visitBy(t, page, &url.URL{Scheme: "https", Host: tcp.Addr().String()})
	if want := map[string]string{"webtransport": "works", "websocket": "works", "eventsource": "works"}; !maps.Equal(got.Verdicts, want) {
		t.Errorf("verdicts %v\n%v", got.Verdicts, got.Got)
	}
	s := &site{Visits: v}
	for _, c := range s.latest(t).Cells {
		if want := map[string]string{"webtransport": "3", "websocket": "1.1", "eventsource": "2"}[c.Technique]; c.HTTP != want || !c.TLS {
			t.Errorf("%s: HTTP/%s, TLS %v", c.Technique, c.HTTP, c.TLS)
		}
	}
	if who := s.latest(t).Record.Visitor; who.HTTP != "2" || !who.TLS {
		t.Errorf("visitor %+v", who)
	}
}

// tabOf opens a page in a browser of the test's own.
func tabOf(t *testing.T, flags ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	usual, err := chromiumFlags()
	if err != nil {
		t.Skip(err)
	}
	ctx, stop, err := startChromium(append(usual, flags...))
	t.Cleanup(stop)
	must(t, err)
	return ctx
}

// keyHash is the SHA-256 of a certificate's public key, as Chromium takes it.
func keyHash(t *testing.T, der []byte) string {
	t.Helper()
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}
