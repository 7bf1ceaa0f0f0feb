package proxies

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cutOffHop starts one whose packets the test itself drops.
func cutOffHop(t *testing.T, env Env, handler http.HandlerFunc) *cutOff {
	t.Helper()
	probe, err := openNamespace()
	if errors.Is(err, errNoNamespace) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := probe.close(); err != nil {
		t.Fatal(err)
	}
	inst, _ := start(t, "fault:blackhole(drop,after=1h)", env, handler)
	return inst.(*cutOff)
}

// tcpInfo is what the kernel knows of a connection.
func tcpInfo(t *testing.T, c net.Conn) *unix.TCPInfo {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	if cerr := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return info
}

// While packets are dropped nothing is acknowledged, nothing arrives and nobody
// is told; afterwards everything is there.
func TestPacketsAreDropped(t *testing.T) {
	for _, mode := range []Mode{Reverse, Forward} {
		t.Run(string(mode), func(t *testing.T) {
			more := make(chan struct{})
			hop := cutOffHop(t, Env{Mode: mode}, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "first\n")
				_ = http.NewResponseController(w).Flush()
				<-more
				_, _ = io.WriteString(w, "second\n")
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			at, target := hop.Route().Base, "/"
			if mode == Forward {
				at, target = hop.Route().Proxy, hop.Instance.(*running).hop.origin.String()+"/"
			}
			if at.Hostname() == "127.0.0.1" {
				t.Fatalf("%s is loopback, where nothing can be cut", at)
			}
			c := dialTCP(t, at.Host)
			defer c.Close()
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target)
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			body := bufio.NewReader(resp.Body)
			if line, err := body.ReadString('\n'); line != "first\n" {
				t.Fatalf("%q %v", line, err)
			}

			if err := hop.namespace.drop(); err != nil {
				t.Fatal(err)
			}
			close(more)
			if _, err := c.Write([]byte("\r\n")); err != nil {
				t.Fatal(err) // the kernel takes it, as always
			}
			waitFor(t, func() bool { i := tcpInfo(t, c); return i.Unacked > 0 && i.Total_retrans > 0 })
			if err := c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%d bytes, %v; want nothing at all", n, err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if other, err := new(net.Dialer).DialContext(ctx, "tcp", at.Host); err == nil {
				other.Close()
				t.Error("a new connection opened")
			} else if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a new connection was refused, not ignored: %v", err)
			}

			if err := hop.namespace.pass(); err != nil {
				t.Fatal(err)
			}
			if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if line, err := body.ReadString('\n'); line != "second\n" {
				t.Errorf("%q %v", line, err)
			}
			waitFor(t, func() bool { return tcpInfo(t, c).Unacked == 0 })
		})
	}
}

// By its own clock the hop drops packets before it has answered anything.
func TestPacketsAreDroppedAtOnce(t *testing.T) {
	cutOffHop(t, Env{}, hello)
	inst, _ := start(t, "fault:blackhole(drop)", Env{}, hello)
	c := dialTCP(t, inst.Route().Base.Host)
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	// What came before the proxy looked has been acknowledged by its kernel.
	waitFor(t, func() bool {
		_, _ = c.Write([]byte("\r\n"))
		return tcpInfo(t, c).Total_retrans > 0
	})
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes, %v; want nothing at all", n, err)
	}
	if s := inst.Stats(); s.Hits == 0 {
		t.Errorf("stats %+v, though the client came", s)
	}
}

// Nothing of a namespace is left when its hop is closed.
func TestNamespaceIsRemoved(t *testing.T) {
	hop := cutOffHop(t, Env{Listen: "127.0.0.1:9090"}, hello)
	if port := hop.Route().Base.Port(); port != "9090" {
		t.Errorf("port %s, want the one asked for", port)
	}
	name := hop.namespace.near.Attrs().Name
	if _, err := net.InterfaceByName(name); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if err := hop.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.InterfaceByName(name); err == nil {
		t.Errorf("%s is still there", name)
	}
}

// No certificate names the address that is listened on.
func TestPacketsOfTLS(t *testing.T) {
	for _, env := range []Env{
		{Origin: mustURL("http://127.0.0.1:1"), Mode: Reverse, Front: &tls.Certificate{}},
		{Origin: mustURL("https://127.0.0.1:1"), Mode: TCP},
	} {
		p, err := Parse("fault:blackhole(drop)", ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		in, err := p.Start(t.Context(), env)
		if err == nil {
			in.Close()
		}
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || !strings.Contains(unsupported.Reason, "certificate") {
			t.Errorf("%s: %v", env.Mode, err)
		}
	}
}
