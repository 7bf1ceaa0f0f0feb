package proxies

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/internal/selfsigned"
)

func TestConnectPolicy(t *testing.T) {
	const secure = "127.0.0.1:443"
	for _, c := range []struct {
		spec, address string
		want          int
	}{
		{"fault:connect", originAddr, 200},
		{"fault:connect(allow)", secure, 200},
		{"fault:connect(only-443)", originAddr, 403},
		{"fault:connect(only-443)", secure, 200},
		{"fault:connect(deny)", secure, 403},
		{"fault:connect(deny,status=405)", originAddr, 405},
		{"fault:connect(deny,if=first:1)", originAddr, 403},
		{"fault:connect(deny,unless=header:User-Agent=good)", originAddr, 403},
		// What the hop reaches is not up to the fault.
		{"fault:connect(allow)", "127.0.0.1:25", 403},
	} {
		t.Run(c.spec+" "+c.address, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newRoadIn(t, byConnect, c.spec, Env{Allow: []string{secure}})
				for _, a := range []string{originAddr, secure} {
					p.net.discard(a)
				}
				conn, _, status := p.tunnel(c.address)
				conn.Close()
				if status != c.want {
					t.Errorf("CONNECT answered with %d, want %d", status, c.want)
				}
				p.close()
			})
		})
	}
}

// A refused client goes on without CONNECT on the same connection.
func TestConnectDeniedLeavesRequestsAlone(t *testing.T) {
	bubble(t, byForward, "fault:connect(deny)", func(t *testing.T, p *road) {
		origin := p.serve(script("a"))
		c, r, status := p.tunnel(originAddr)
		p.note("CONNECT %d", status)
		_, _ = r.ReadString('\n') // the refusal's one line
		fmt.Fprintf(c, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr, originAddr)
		p.read(r, "GET")
		c.Close()
		p.close(origin)
		p.expect("0s CONNECT 403", "0s head 200", "0s a", "0s end")
	})
}

func TestAuthOfConnect(t *testing.T) {
	bubble(t, byConnect, "fault:auth", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			p.note("origin sees %q", r.Header.Get("Proxy-Authorization"))
		})
		c, _, status := p.tunnel(originAddr)
		c.Close()
		p.note("without: %d", status)
		c, r, status := p.tunnel(originAddr, "Proxy-Authorization: Basic eDp5")
		p.note("with: %d", status)
		// The tunnel has been paid for; what it carries need not say it again.
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr)
		p.read(r, "GET")
		c.Close()
		p.close(origin)
		p.expect("0s without: 407", "0s with: 200", `0s origin sees ""`, "0s head 200", "0s end")
	})
}

// inspected is a client inside CONNECT and TLS, which trusts what the route
// says, and asks over one version of HTTP.
func (p *road) inspected(version string) (*http.Transport, *x509.CertPool) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.hop.Route().RootsPEM)
	t := &http.Transport{
		DisableCompression: true, Protocols: onlyHTTP1(),
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			c, _, status := p.tunnel(originAddr)
			if status != http.StatusOK {
				return nil, errors.New(http.StatusText(status))
			}
			return c, nil
		},
	}
	if version == "2" {
		t.Protocols = onlyHTTP2()
	}
	return t, roots
}

// secureRoad is a forward proxy to an origin over TLS.
func secureRoad(t *testing.T, spec string, handler http.HandlerFunc) (*road, *http.Server) {
	t.Helper()
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	p := newRoadIn(t, byConnect, spec, Env{Origin: mustURL("https://" + originAddr), RootsPEM: pair.RootsPEM})
	p.pair = pair
	origin := &http.Server{
		Handler: handler, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair.Certificate}},
	}
	l := p.net.listen(originAddr)
	go func() { _ = origin.ServeTLS(l, "", "") }()
	return p, origin
}

// With inspection all faults apply inside TLS, over either version of HTTP.
func TestInspect(t *testing.T) {
	busy := script("a", time.Second, "b", time.Second, "c")
	for _, c := range []struct {
		spec, version string
		want          []string
	}{
		{"fault:connect(inspect)", "1.1", []string{"0s head 200", "0s a", "1s b", "2s c", "2s end"}},
		{"fault:connect(inspect)", "2", []string{"0s head 200", "0s a", "1s b", "2s c", "2s end"}},
		{"fault:connect(inspect)&buffer(until=close)", "1.1", []string{"2s head 200", "2s abc", "2s end"}},
		{"fault:buffer(until=close)&connect(inspect)", "2", []string{"2s head 200", "2s abc", "2s end"}},
		{"fault:connect(inspect)&http10", "1.1", []string{"0s head 200", "0s a", "1s b", "2s c", "2s end"}},
		{"fault:connect(inspect)&h2-reset(1500ms)", "1.1", []string{"0s head 200", "0s a", "1s b", "2s c", "2s end"}},
		{"fault:connect(inspect)&h2-reset(1500ms)", "2", []string{"0s head 200", "0s a", "1s b", "1.5s cut"}},
	} {
		t.Run(c.spec+" "+c.version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, origin := secureRoad(t, c.spec, busy)
				client, _ := p.inspected(c.version)
				r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+originAddr+"/x", nil)
				resp, err := client.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Proto[5:6] != c.version[:1] {
					t.Errorf("answered with %s", resp.Proto)
				}
				if by := resp.TLS.PeerCertificates[0].Issuer.CommonName; !strings.Contains(by, "inspecting proxy") {
					t.Errorf("the certificate is signed by %q", by)
				}
				p.note("head %d", resp.StatusCode)
				p.body(resp.Body)
				resp.Body.Close()
				synctest.Wait()
				if s := p.hop.Stats(); s.Hits != 2 || s.Upstream > 2 {
					t.Errorf("stats %+v, want CONNECT and the request", s)
				}
				client.CloseIdleConnections()
				p.close(origin)
				p.expect(c.want...)
			})
		})
	}
}

// Whoever trusts the origin's authority alone sees the interception, and the
// certificate is good for the host of CONNECT and for no other.
func TestInspectIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, origin := secureRoad(t, "fault:connect(inspect)", script("a"))
		shake := func(roots *x509.CertPool, name string) error {
			c, _, _ := p.tunnel(originAddr)
			defer c.Close()
			return tls.Client(c, &tls.Config{RootCAs: roots, ServerName: name}).Handshake()
		}
		var unknown x509.UnknownAuthorityError
		if err := shake(p.trust().RootCAs, "127.0.0.1"); !errors.As(err, &unknown) {
			t.Errorf("a client that trusts the origin: %v", err)
		}
		_, roots := p.inspected("1.1")
		if err := shake(roots, "127.0.0.1"); err != nil {
			t.Error(err)
		}
		var wrong x509.HostnameError
		if err := shake(roots, "other.example"); !errors.As(err, &wrong) {
			t.Errorf("a name that CONNECT did not say: %v", err)
		}
		p.close(origin)
	})
}

// An upgrade inside inspected TLS goes to the origin over HTTP/1.1, though the
// origin prefers 2.
func TestInspectedUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, origin := secureRoad(t, "fault:connect(inspect)", switching(func(c net.Conn, rw *bufio.ReadWriter) {
			_, _ = io.WriteString(c, "hello")
			p := make([]byte, 4)
			_, _ = io.ReadFull(rw, p)
			_, _ = c.Write(p)
		}))
		conn, _, _ := p.tunnel(originAddr)
		_, roots := p.inspected("1.1")
		c := tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
		fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", originAddr)
		r := bufio.NewReader(c)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.note("%d", resp.StatusCode)
		_, _ = io.WriteString(c, "ping")
		all, _ := io.ReadAll(r)
		p.note("%s", all)
		c.Close()
		p.close(origin)
		p.expect("0s 101", "0s helloping")
	})
}

// Not everything inside CONNECT to an inspecting proxy is TLS.
func TestInspectLeavesPlainHTTP(t *testing.T) {
	bubble(t, byConnect, "fault:connect(inspect)", func(t *testing.T, p *road) {
		origin := p.serve(script("a"))
		p.get()
		p.close(origin)
		p.expect("0s head 200", "0s a", "0s end")
	})
}

func TestInspectInChains(t *testing.T) {
	secure, pair := tlsOrigin(t, hello)
	for _, spec := range []string{"fault:connect(inspect)", "transparent+fault:connect(inspect)", "fault:connect(inspect)+transparent"} {
		t.Run(spec, func(t *testing.T) {
			for _, mode := range []Mode{Reverse, Forward} {
				if mode == Reverse && !strings.HasPrefix(spec, "transparent") {
					continue
				}
				inst, _ := start(t, spec, Env{Origin: secure, RootsPEM: pair.RootsPEM, Mode: mode}, hello)
				at := inst.Route().Base
				if at == nil {
					at = secure
				}
				trusted := selfsigned.Pair{RootsPEM: inst.Route().RootsPEM}
				resp, err := versioned("1.1", trusted, inst.Route()).Get(at.String())
				if err != nil {
					t.Fatalf("%s: %v", mode, err)
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if string(body) != "hello from /" {
					t.Errorf("%s: %d %q", mode, resp.StatusCode, body)
				}
			}
		})
	}
}

func TestConnectNeedsForwardMode(t *testing.T) {
	p, err := Parse("fault:connect(deny)", ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if modes := p.Capabilities().Modes; len(modes) != 1 || modes[0] != Forward {
		t.Errorf("modes %v", modes)
	}
	var unsupported *UnsupportedError
	_, err = p.Start(t.Context(), Env{Origin: mustURL("http://127.0.0.1:1"), Mode: Reverse})
	if !errors.As(err, &unsupported) || unsupported.Reason != "fault connect cannot act in reverse mode" {
		t.Errorf("%v", err)
	}
}
