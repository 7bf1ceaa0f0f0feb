package app_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/scenarios/app"
)

// streaming is a beginning of an answer that goes on.
const streaming = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"

// opened starts an answer through a gateway and returns the path's side of it,
// read up to the first message.
func opened(t *testing.T, g *app.Gateway) net.Conn {
	t.Helper()
	c := dial(t, g)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, len(streaming))); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGatewayPassesAbortsOn: when the path leaves, the application learns it,
// and that is written down.
func TestGatewayPassesAbortsOn(t *testing.T) {
	for name, leave := range map[string]func(net.Conn){
		"closes": func(c net.Conn) { c.Close() },
		"resets": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() },
	} {
		gone := make(chan error, 1)
		url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			_, _ = io.WriteString(c, streaming)
			_, err := in.ReadByte()
			gone <- err
		})
		g := gateway(t, &app.Spec{URL: url}, 0)
		leave(opened(t, g))
		if err := <-gone; !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: the application saw %v", name, err)
		}
		if got := recordedOnce(t, g, "abort-noticed"); got != "headers(GET 1.1 200) write(1) abort-noticed" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// recordedOnce waits until a kind of event is in the record.
func recordedOnce(t *testing.T, g *app.Gateway, kind string) string {
	t.Helper()
	for t.Context().Err() == nil {
		if got := kinds(g.Record()); strings.Contains(got, kind) {
			return got
		}
	}
	return ""
}

// TestGatewayPassesEndsOn: a close is a close, and a reset a reset, behind TLS
// as well.
func TestGatewayPassesEndsOn(t *testing.T) {
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pair.RootsPEM)
	for name, front := range map[string]*tls.Certificate{"plain": nil, "TLS": &pair.Certificate} {
		for _, reset := range []bool{false, true} {
			leave := make(chan struct{})
			url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				_, _ = io.WriteString(c, streaming)
				<-leave // a reset overtakes what was not read
				if reset {
					_ = c.(*net.TCPConn).SetLinger(0)
				}
			})
			spec := &app.Spec{URL: url}
			if err := spec.Check(); err != nil {
				t.Fatal(err)
			}
			g, err := app.NewGateway(spec, app.NewBudget(0), front)
			if err != nil {
				t.Fatal(err)
			}
			c := dial(t, g)
			if front != nil {
				c = tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "localhost"})
			}
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if _, err := io.ReadFull(c, make([]byte, len(streaming))); err != nil {
				t.Fatal(name, err)
			}
			close(leave)
			_, err = c.Read(make([]byte, 1))
			if wasReset := errors.Is(err, syscall.ECONNRESET); err == nil || wasReset != reset {
				t.Errorf("%s, reset %v: the path saw %v", name, reset, err)
			}
			want := "headers(GET 1.1 200) write(1) end(fin)"
			if reset {
				want = "headers(GET 1.1 200) write(1) end(rst)"
			}
			if got := recorded(t, g); got != want {
				t.Errorf("%s, reset %v: %s", name, reset, got)
			}
		}
	}
}

// TestGatewayRelease: all exchanges end as if the application had closed, and
// nobody is blamed for it.
func TestGatewayRelease(t *testing.T) {
	gone := make(chan struct{}, 2)
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		_, _ = io.WriteString(c, streaming)
		_, _ = in.ReadByte()
		gone <- struct{}{}
	})
	g := gateway(t, &app.Spec{URL: url}, 0)
	paths := []net.Conn{opened(t, g), opened(t, g)}
	idle := dial(t, g)
	g.Release()
	for _, c := range append(paths, idle) {
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("a path saw %v", err)
		}
	}
	<-gone
	<-gone
	if c, err := net.Dial("tcp", g.URL().Host); err == nil {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a new connection is served")
		}
		c.Close()
	}
	g.Release() // nothing is left to do
	if got := recorded(t, g); strings.Count(got, "write(1)") != 2 || strings.Contains(got, "abort") || strings.Contains(got, "end") {
		t.Error(got)
	}
	if err := g.Err(); err != nil {
		t.Error(err)
	}
}

// TestGatewayReleaseInTheMiddle: nobody waits for anybody, whatever the
// exchange is at.
func TestGatewayReleaseInTheMiddle(t *testing.T) {
	asked := make(chan struct{}, 1)
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		asked <- struct{}{}
		if _, err := http.ReadRequest(in); err == nil {
			_, _ = io.WriteString(c, streaming)
			flood(c)
		}
	})
	for name, begin := range map[string]func(c net.Conn){
		"half a head": func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTT") },
		"half a body": func(c net.Conn) {
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
			<-asked
		},
		"nobody reads": func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); <-asked },
		"an unwanted upgrade": func(c net.Conn) {
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\nearly")
			<-asked
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(t, &app.Spec{URL: url}, 0)
			begin(dial(t, g))
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// flood writes as long as somebody takes it.
func flood(c net.Conn) {
	part := []byte("data: " + strings.Repeat("x", 32<<10) + "\n\n")
	for {
		if _, err := c.Write(part); err != nil {
			return
		}
	}
}
