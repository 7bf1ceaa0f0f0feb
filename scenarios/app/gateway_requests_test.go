package app_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cometbench/cometbench/scenarios/app"
)

// TestGatewayNotesWhatIsMissing: headers of the spec that a path lost, and
// none that end at each hop.
func TestGatewayNotesWhatIsMissing(t *testing.T) {
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	for head, want := range map[string]string{
		"x-one: 1\r\nAuthorization: Basic x\r\nCookie: b=2; a=1\r\n": "",
		"Authorization: Basic x\r\nCookie: b=2; a=1\r\n":             "without X-One",
		"X-One: other\r\nAuthorization: Basic x\r\nCookie: a=1\r\n":  "without Cookie",
		"X-One: 1\r\nCookie: a=1; b=2\r\n":                           "without Authorization",
		"":                                                           "without Authorization, Cookie, X-One",
	} {
		g := gateway(t, &app.Spec{
			URL:     strings.Replace(url, "//", "//u:pass@", 1),
			Headers: map[string]string{"X-One": "1", "te": "trailers", "Accept-Encoding": ""}, Cookies: map[string]string{"a": "1", "b": "2"},
		}, 0)
		c := dial(t, g)
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n"+head+"\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
		g.Close()
		if got := g.Record()[0].Note; got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

// TestGatewayRefusesNonsense: what is no request does not reach the application.
func TestGatewayRefusesNonsense(t *testing.T) {
	var reached atomic.Int32
	url := rawApp(t, func(_ net.Conn, in *bufio.Reader) {
		if _, err := in.ReadByte(); err == nil {
			reached.Add(1)
		}
	})
	g := gateway(t, &app.Spec{URL: url}, 0)
	for _, text := range []string{
		"hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 70<<10) + "\r\n\r\n",
		"GET / HTTP/1.1\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 80) + "\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	} {
		c := dial(t, g)
		_, _ = io.WriteString(c, text)
		_ = c.(*net.TCPConn).CloseWrite()
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("%.40q: an answer", text)
		}
	}
	if record := recorded(t, g); record != "" || reached.Load() > 0 {
		t.Errorf("record %q, %d connections with bytes", record, reached.Load())
	}
}

// TestGatewayRefusesBadBodies: a body that breaks its own framing ends there.
func TestGatewayRefusesBadBodies(t *testing.T) {
	bodies := make(chan string, 1)
	url := rawApp(t, func(_ net.Conn, in *bufio.Reader) {
		b, _ := io.ReadAll(in)
		_, body, _ := strings.Cut(string(b), "\r\n\r\n")
		bodies <- body
	})
	for body, want := range map[string]string{
		"zz\r\nabc": "zz\r\n", "-1\r\n": "-1\r\n", "ffffffffffffffffff\r\n": "ffffffffffffffffff\r\n", "3\r\nab": "3\r\nab", "": "",
	} {
		g := gateway(t, &app.Spec{URL: url}, 0)
		c := dial(t, g)
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
		_ = c.(*net.TCPConn).CloseWrite()
		if got := <-bodies; got != want {
			t.Errorf("%q: the application got %q", body, got)
		}
		g.Close()
	}
}

func TestGatewayCannotReach(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	g := gateway(t, &app.Spec{URL: "http://" + ln.Addr().String()}, 0)
	c := dial(t, g)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("an answer")
	}
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), "the application cannot be reached") || errors.Is(err, app.ErrBudget) {
		t.Errorf("%v", err)
	}
}
