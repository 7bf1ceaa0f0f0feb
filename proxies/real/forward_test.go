package real_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
)

// forward runs a test for every configuration that has a forward mode, in it.
func forward(t *testing.T, test func(t *testing.T, p proxies.Proxy)) {
	each(t, func(t *testing.T, p proxies.Proxy) {
		if !slices.Contains(p.Capabilities().Modes, proxies.Forward) {
			t.Skip("it has no forward mode")
		}
		test(t, p)
	})
}

// say sends a request as it stands to a proxy and returns the status.
func say(t *testing.T, address, request string) int {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return resp.StatusCode
}

// A forward proxy of ours is no open proxy.
func TestForwardReachesNothingElse(t *testing.T) {
	t.Parallel()
	forward(t, func(t *testing.T, p proxies.Proxy) {
		to := page(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		reached := make(chan struct{}, 100)
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					close(reached)
					return
				}
				reached <- struct{}{}
				conn.Close()
			}
		}()
		in := kept(t, p, proxies.Forward)
		at, other := address(in), l.Addr().String()
		_, port, _ := net.SplitHostPort(other)
		for _, request := range []string{
			"GET http://" + other + "/ HTTP/1.1\nHost: " + other,
			"GET http://" + other + "/ HTTP/1.1\nHost: " + to.Host,
			"GET http://" + other + "/" + to.Host + " HTTP/1.1\nHost: " + other,
			"GET http://" + to.Host + "@" + other + "/ HTTP/1.1\nHost: " + to.Host,
			"GET http://localhost:" + port + "/ HTTP/1.1\nHost: localhost:" + port,
			"POST http://" + other + "/ HTTP/1.1\nHost: " + other + "\nContent-Length: 0",
			"GET / HTTP/1.1\nHost: " + other,
			"CONNECT " + other + " HTTP/1.1\nHost: " + other,
			"CONNECT " + other + " HTTP/1.1\nHost: " + to.Host,
			"CONNECT localhost:" + port + " HTTP/1.1\nHost: localhost:" + port,
		} {
			if status := say(t, at, request); status < 400 {
				t.Errorf("%q: status %d", request, status)
			}
		}
		if route := in.Route(); route.Base != nil || route.Proxy == nil {
			t.Errorf("route %+v", route)
		}
		if host, _, _ := net.SplitHostPort(at); host != "127.0.0.1" {
			t.Errorf("it listens on %s", at)
		}
		if status := say(t, at, "GET "+to.String()+" HTTP/1.1\nHost: "+to.Host); status != http.StatusOK {
			t.Errorf("the origin: status %d", status)
		}
		l.Close()
		if _, ok := <-reached; ok {
			t.Error("another address was reached")
		}
	})
}

// connectsToTLSOnly are the configurations that allow CONNECT to port 443 alone,
// as which a port counts that speaks TLS.
var connectsToTLSOnly = []string{"real:squid/read-timeout", "real:squid/stock", "real:trafficserver/forward"}

func TestConnect(t *testing.T) {
	t.Parallel()
	forward(t, func(t *testing.T, p proxies.Proxy) {
		plain := page(t, func(w http.ResponseWriter, r *http.Request) {})
		want := http.StatusOK
		if slices.Contains(connectsToTLSOnly, p.Name()) {
			want = http.StatusForbidden
		}
		if got := say(t, address(kept(t, p, proxies.Forward)), "CONNECT "+plain.Host+" HTTP/1.1\nHost: "+plain.Host); got != want {
			t.Errorf("CONNECT to a port without TLS: %d, want %d", got, want)
		}

		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }))
		defer s.Close()
		to, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		c := client(t)
		transport := c.Transport.(*http.Transport)
		in, err := p.Start(t.Context(), proxies.Env{Origin: to, Mode: proxies.Forward})
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		transport.Proxy = http.ProxyURL(in.Route().Proxy)
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // whose certificate it is, is the question
		resp, err := c.Get(to.String())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		passed := resp.TLS.PeerCertificates[0].Equal(s.Certificate())
		if intercepts := programOf(p) == "mitmproxy"; passed == intercepts {
			t.Errorf("the origin's certificate: %v; issued by %s", passed, resp.TLS.PeerCertificates[0].Issuer)
		}
		if passed && resp.StatusCode != http.StatusOK {
			t.Errorf("through TLS: %s", resp.Status)
		}
	})
}
