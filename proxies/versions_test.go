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
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cometbench/cometbench/internal/selfsigned"
)

// tlsOrigin is an origin over TLS that speaks 1.1 and 2.
func tlsOrigin(t *testing.T, handler http.HandlerFunc) (*url.URL, selfsigned.Pair) {
	t.Helper()
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair.Certificate}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return mustURL(s.URL), pair
}

// plainOrigin is one without, that speaks 1.x and 2.
func plainOrigin(t *testing.T, handler http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = plainProtocols()
	s.Start()
	t.Cleanup(s.Close)
	return mustURL(s.URL)
}

// versioned is a client of one HTTP version that trusts pair.
func versioned(version string, pair selfsigned.Pair, route Route) *http.Client {
	t := &http.Transport{Protocols: onlyHTTP1(), DisableKeepAlives: true}
	if version == "2" {
		t.Protocols = onlyHTTP2()
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pair.RootsPEM)
	t.TLSClientConfig = &tls.Config{RootCAs: roots}
	if route.Proxy != nil {
		t.Proxy = http.ProxyURL(route.Proxy)
	}
	return &http.Client{Transport: t, Timeout: 20 * time.Second}
}

func tellVersion(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s tls %t", r.Proto, r.TLS != nil)
}

func TestVersionsOverSockets(t *testing.T) {
	secure, pair := tlsOrigin(t, tellVersion)
	plain := plainOrigin(t, tellVersion)
	for _, front := range []bool{false, true} {
		for _, version := range []string{"1.1", "2"} {
			for _, c := range []struct {
				origin *url.URL
				back   string
				want   string
			}{
				{plain, "", "HTTP/1.1 tls false"},
				{plain, "1.0", "HTTP/1.0 tls false"},
				{plain, "1.1", "HTTP/1.1 tls false"},
				{plain, "2", "HTTP/2.0 tls false"},
				{secure, "", "HTTP/2.0 tls true"},
				{secure, "1.0", "HTTP/1.0 tls true"},
				{secure, "1.1", "HTTP/1.1 tls true"},
				{secure, "2", "HTTP/2.0 tls true"},
			} {
				t.Run(fmt.Sprintf("front tls %t %s, back %s %s", front, version, c.origin.Scheme, c.back), func(t *testing.T) {
					env := Env{Origin: c.origin, RootsPEM: pair.RootsPEM, Back: c.back}
					scheme := "http"
					if front {
						env.Front, scheme = &pair.Certificate, "https"
					}
					inst, _ := start(t, "transparent", env, hello)
					base := inst.Route().Base
					if base.Scheme != scheme {
						t.Fatalf("route %s, want %s", base, scheme)
					}
					resp, err := versioned(version, pair, inst.Route()).Get(base.String())
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					body, err := io.ReadAll(resp.Body)
					if string(body) != c.want || err != nil || fmt.Sprint(resp.ProtoMajor) != version[:1] {
						t.Errorf("%s %q %v, want %q", resp.Proto, body, err, c.want)
					}
					if s := inst.Stats(); s.Hits != 1 || s.Upstream != 1 {
						t.Errorf("stats %+v", s)
					}
				})
			}
		}
	}
}

// Modes that pass bytes let the client's TLS through to the origin.
func TestTLSPassesThrough(t *testing.T) {
	secure, pair := tlsOrigin(t, tellVersion)
	for _, c := range []struct {
		spec string
		mode Mode
		want string
	}{
		{"transparent", TCP, "HTTP/2.0 tls true"},
		{"transparent", Forward, "HTTP/2.0 tls true"},
		{"fault:latency(1ms)", Forward, "HTTP/2.0 tls true"},
		{"transparent+transparent", Forward, "HTTP/2.0 tls true"},
		{"transparent+transparent", TCP, "HTTP/2.0 tls true"},
		{"transparent+fault:http10", TCP, "HTTP/1.0 tls true"},
		{"transparent+fault:http10", Reverse, "HTTP/1.0 tls true"},
	} {
		t.Run(c.spec+" "+string(c.mode), func(t *testing.T) {
			inst, _ := start(t, c.spec, Env{Origin: secure, RootsPEM: pair.RootsPEM, Front: &pair.Certificate, Mode: c.mode}, hello)
			at := inst.Route().Base
			if at == nil {
				at = secure
			}
			if at.Scheme != "https" {
				t.Fatalf("route %+v, want https", inst.Route())
			}
			resp, err := versioned("2", pair, inst.Route()).Get(at.String())
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, _ := io.ReadAll(resp.Body); string(body) != c.want || resp.ProtoMajor != 2 {
				t.Errorf("%s %q, want %q", resp.Proto, body, c.want)
			}
		})
	}
}

// HTTP/2 by prior knowledge inside CONNECT is HTTP like any other.
func TestH2CInsideConnect(t *testing.T) {
	bubble(t, byConnect, "fault:buffer(until=close)", func(t *testing.T, p *road) {
		origin := p.serve(script("a", time.Second, "b"))
		c, _, _ := p.connect()
		client, err := onlyTransport(c).NewClientConn(t.Context(), "http", originAddr)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+originAddr+"/x", nil)
		resp, err := client.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		p.note("%s", resp.Proto)
		p.body(resp.Body)
		client.Close()
		p.close(origin)
		p.expect("1s HTTP/2.0", "1s ab", "1s end")
		if s := p.hop.Stats(); s.Hits != 2 {
			t.Errorf("stats %+v, want CONNECT and the request", s)
		}
	})
}

func TestForwardToTLSTakesByteFaultsOnly(t *testing.T) {
	for spec, reason := range map[string]string{
		"fault:buffer(close)":                "fault buffer needs to see HTTP, and a forward proxy tunnels TLS unseen",
		"fault:idle(5s,if=method:GET)":       "fault idle needs to see HTTP, and a forward proxy tunnels TLS unseen",
		"fault:idle(5s)&latency(1ms)":        "",
		"transparent+fault:buffer(close)":    "", // the second hop is the one that ends the TLS
		"fault:buffer(close)+fault:idle(5s)": "fault buffer needs to see HTTP, and a forward proxy tunnels TLS unseen",
	} {
		p, err := Parse(spec, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		pair, err := selfsigned.New()
		if err != nil {
			t.Fatal(err)
		}
		inst, err := p.Start(context.Background(), Env{Origin: mustURL("https://127.0.0.1:1"), Mode: Forward, Front: &pair.Certificate})
		if err == nil {
			inst.Close()
		}
		var unsupported *UnsupportedError
		switch {
		case reason == "" && err != nil:
			t.Errorf("%s: %v", spec, err)
		case reason != "" && (!errors.As(err, &unsupported) || unsupported.Reason != reason):
			t.Errorf("%s: %v, want %s", spec, err, reason)
		}
	}
}

// How a cut looks to a client over TLS and HTTP/2 on real sockets.
func TestEndsOverTLSSockets(t *testing.T) {
	for _, version := range []string{"1.1", "2"} {
		for end, want := range map[string]string{"fin": "cut", "rst": "reset", "clean": "end"} {
			t.Run(version+"/"+end, func(t *testing.T) {
				origin, pair := tlsOrigin(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, "a")
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done() // the cut reaches the origin as well
				})
				env := Env{Origin: origin, RootsPEM: pair.RootsPEM, Front: &pair.Certificate}
				inst, _ := start(t, "fault:cut(after=20ms,end="+end+")", env, hello)
				resp, err := versioned(version, pair, inst.Route()).Get(inst.Route().Base.String())
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				got := "end"
				if err != nil {
					got = ending(err)
				}
				if string(body) != "a" || got != want {
					t.Errorf("%q, %s (%v); want a, %s", body, got, err, want)
				}
			})
		}
	}
}

// A reset of a TLS connection is one: no leave is taken first.
func TestTLSReset(t *testing.T) {
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	inst, _ := start(t, "fault:cut(after=20ms,end=rst)", Env{Front: &pair.Certificate}, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pair.RootsPEM)
	c := tls.Client(dialTCP(t, inst.Route().Base.Host), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.0\r\n\r\n")
	if _, err := io.Copy(io.Discard, bufio.NewReader(c)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v, want a reset", err)
	}
}

func TestVersionsRejected(t *testing.T) {
	for _, c := range []struct {
		env  Env
		want string
	}{
		{Env{Origin: mustURL("https://127.0.0.1:1"), RootsPEM: []byte("nonsense")}, "no certificate"},
		{Env{Origin: mustURL("ftp://127.0.0.1:1")}, "want http or https"},
		{Env{Origin: mustURL("http://127.0.0.1:1"), Back: "3"}, "no HTTP/3 towards the origin"},
	} {
		p, _ := Parse("transparent", ParseOptions{})
		inst, err := p.Start(context.Background(), c.env)
		if err == nil {
			inst.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// An origin whose certificate is not trusted is no origin.
func TestUntrustedOrigin(t *testing.T) {
	origin, _ := tlsOrigin(t, hello)
	other, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, back := range []string{"", "1.0"} {
		inst, _ := start(t, "transparent", Env{Origin: origin, RootsPEM: other.RootsPEM, Back: back}, hello)
		if status, body := fetch(t, inst.Route(), origin); status != http.StatusBadGateway || !strings.Contains(body, "certificate") {
			t.Errorf("back %q: %d %q", back, status, body)
		}
	}
}
