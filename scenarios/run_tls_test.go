package scenarios_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// inspector is a forward proxy that ends the TLS inside CONNECT with a
// certificate of its own, and opens another towards the origin.
func inspector(t *testing.T, own selfsigned.Pair) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	keep := func(c net.Conn) net.Conn {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, c)
		return c
	}
	serve := func(client net.Conn) {
		defer client.Close()
		req, err := http.ReadRequest(bufio.NewReader(client))
		if err != nil || req.Method != http.MethodConnect {
			return
		}
		upstream, err := tls.Dial("tcp", req.Host, &tls.Config{InsecureSkipVerify: true}) // it looks, it does not judge
		if err != nil {
			return
		}
		defer keep(upstream).Close()
		if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
		inside := tls.Server(client, &tls.Config{Certificates: []tls.Certificate{own.Certificate}})
		if inside.Handshake() != nil {
			return
		}
		var both sync.WaitGroup
		pass := func(to, from net.Conn) {
			_, _ = io.Copy(to, from)
			to.Close()
			from.Close()
		}
		both.Go(func() { pass(upstream, inside) })
		both.Go(func() { pass(inside, upstream) })
		both.Wait()
	}
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { serve(keep(c)) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return "forward:http://" + ln.Addr().String()
}

// Who ends the TLS of a tunnel is named: the cell is broken where clients do
// not trust its certificate, degraded where they do.
func TestInterceptedTLS(t *testing.T) {
	t.Parallel()
	own, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		trusted []byte
		verdict measure.Verdict
	}{
		{"trusted", own.RootsPEM, measure.Degraded},
		{"not trusted", nil, measure.Broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			origin, err := scenarios.InProcessTLS(tt.trusted)
			if err != nil {
				t.Fatal(err)
			}
			path := inspector(t, own)
			techniques := []string{"eventsource", "websocket", "long-poll"}
			r := plan{techniques: techniques, specs: []string{path, "transparent"}, checks: []string{"opening/connect"}, mode: "forward", opt: scenarios.Options{Origin: origin, TimeScale: 0.01}}.run(t)
			for _, tech := range techniques {
				expect(t, r, tech, path, tt.verdict, "tls-intercepted")
				expect(t, r, tech, "transparent", measure.Works, "")
			}
		})
	}
}
